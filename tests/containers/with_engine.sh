#!/bin/sh
# Runs a command with a Docker engine: the one that answers, else one that is started here and stopped afterwards, with
# DOCKERD_OPTIONS (for example --data-root=FOLDER). Ends with the command's exit code.
set -eu

missing=""
for each in dockerd:docker.io docker:docker.io docker-compose:docker-compose debootstrap:debootstrap iptables:iptables; do
    command -v "${each%:*}" > /dev/null || missing="$missing ${each#*:}"
done
if [ -n "$missing" ]; then
    echo "missing (apt install):$missing" >&2
    exit 1
fi
if docker info > /dev/null 2>&1; then
    exec "$@"
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "no Docker engine answers, and only root can start one" >&2
    exit 1
fi

log=$(mktemp)
# shellcheck disable=SC2086
dockerd ${DOCKERD_OPTIONS:-} > "$log" 2>&1 &
engine=$!
stop() {
    kill "$engine" 2> /dev/null || true
    wait "$engine" || true
    rm -f "$log"
}
trap stop EXIT
trap 'exit 1' INT TERM
tries=0
until docker info > /dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 60 ] || ! kill -0 "$engine" 2> /dev/null; then
        echo "the Docker engine did not start:" >&2
        tail -20 "$log" >&2
        exit 1
    fi
    sleep 1
done
"$@"
