#!/bin/sh
# Whether Redis answers to its password, which stands in no argument.
REDISCLI_AUTH=$(sed -n 's/^requirepass //p' /run/secrets/redis-password)
export REDISCLI_AUTH
redis-cli -h 127.0.0.1 ping | grep -q PONG
