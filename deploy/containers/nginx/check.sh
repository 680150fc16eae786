#!/bin/bash
# Whether nginx answers, with nothing but the shell.
exec 3<> /dev/tcp/127.0.0.1/8005
printf 'GET / HTTP/1.0\r\n\r\n' >&3
IFS= read -r -t 3 line <&3
[[ $line == *" 204 "* ]]
