#!/bin/sh
# Writes what the configurations include, starts the router and becomes the door. The default route of a service is its
# name, which Docker resolves to all its containers; an upgrade names single ones for a while
# (deploy/containers/routes.py).
set -eu
mkdir -p /tmp/xiangzhi
for service in gateway:8000 intake:8001 points:8002 petitions:8003; do
    name=${service%:*}
    echo "map '' \$${name}_route { default $service; }" > "/tmp/xiangzhi/route-$name.conf"
done
# A little more than the gateway takes, so that its own words are read.
cat > /tmp/xiangzhi/settings.conf << SETTINGS
map '' \$public_url { default '${XZ_PUBLIC_URL}'; }
map \$status \$retry_after { default ''; 502 5; 504 5; }
client_max_body_size $((XZ_UPLOAD_LIMIT_MB + 5))m;
SETTINGS
nginx -c /etc/nginx/xiangzhi/router.conf &
exec nginx -c /etc/nginx/xiangzhi/nginx.conf
