#!/bin/sh
# First start of the PostgreSQL image made from Debian's packages. Understands what compose needs of the official
# image's interface: POSTGRES_USER, POSTGRES_PASSWORD_FILE, POSTGRES_DB, POSTGRES_INITDB_ARGS, PGDATA and
# /docker-entrypoint-initdb.d/*.sh.
set -eu

if [ "${1:-}" != postgres ] || [ -s "$PGDATA/PG_VERSION" ]; then
    exec "$@"
fi

export POSTGRES_USER="${POSTGRES_USER:-postgres}"
export POSTGRES_DB="${POSTGRES_DB:-$POSTGRES_USER}"
# A first start that was broken off leaves a folder that is no cluster; nothing of it is in use.
find "$PGDATA" -mindepth 1 -delete
# shellcheck disable=SC2086
initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth-host=scram-sha-256 --auth-local=trust \
    ${POSTGRES_INITDB_ARGS:-} > /dev/null
echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
# Nobody from outside is served until the scripts are through.
pg_ctl --silent --wait -o "-c listen_addresses=''" start
[ "$POSTGRES_DB" = postgres ] || createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
for script in /docker-entrypoint-initdb.d/*.sh; do
    # shellcheck source=/dev/null
    [ -e "$script" ] && . "$script"
done
pg_ctl --silent --wait --mode=fast stop
exec "$@"
