#!/bin/sh
# Makes the database's roles, or sets their passwords anew: one per service and for each work of the deployment. Runs at
# the first start of the volume; later by hand, after secrets were changed:
#
#   docker-compose exec database sh /docker-entrypoint-initdb.d/roles.sh
#
# What each role may do is granted by the migration.
set -eu

statements() {
    for file in /run/secrets/database-url-*; do
        role=xiangzhi_${file##*-}
        password=$(sed -n 's|^postgresql://[^:]*:\([0-9a-f]*\)@.*|\1|p' "$file")
        [ -n "$password" ] || { echo "no password in $file" >&2; return 1; }
        # Made and given its password apart, so that a second run only changes the password.
        echo "SELECT 'CREATE ROLE $role LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$role') \\gexec"
        echo "ALTER ROLE $role PASSWORD '$password';"
    done
    echo "ALTER DATABASE xiangzhi OWNER TO xiangzhi_owner;"
    echo "REVOKE ALL ON DATABASE xiangzhi FROM PUBLIC;"
    for file in /run/secrets/database-url-*; do
        echo "GRANT CONNECT, TEMPORARY ON DATABASE xiangzhi TO xiangzhi_${file##*-};"
    done
}
sql=$(statements)
printf '%s\n' "$sql" | psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username=postgres --dbname=xiangzhi > /dev/null
