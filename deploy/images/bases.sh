#!/bin/sh
# Makes the base images from Debian's packages alone, for networks without a registry: python, postgresql, redis,
# nginx, prometheus. Each comes from Debian's archive (or a mirror of it) over debootstrap and `docker import`.
#
#   deploy/images/bases.sh [--again] [NAME…]      NAME: python postgresql redis nginx prometheus; without: the first four
#
# Needs root, debootstrap and a running Docker engine. What is there already stays, unless --again is given.
#
#   DEBIAN_MIRROR, DEBIAN_SECURITY_MIRROR   where the packages come from (deb.debian.org)
#   BASE_PREFIX                             first part of the images' names (xiangzhi-base)
set -eu

SUITE=bookworm
MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
SECURITY_MIRROR=${DEBIAN_SECURITY_MIRROR:-http://deb.debian.org/debian-security}
PREFIX=${BASE_PREFIX:-xiangzhi-base}
HERE=$(cd "$(dirname "$0")" && pwd)

again=""
if [ "${1:-}" = "--again" ]; then
    again=yes
    shift
fi
[ $# -gt 0 ] || set -- python postgresql redis nginx

if [ "$(id -u)" -ne 0 ] || ! command -v debootstrap > /dev/null; then
    echo "needs root and debootstrap (apt install debootstrap)" >&2
    exit 1
fi

packages_of() {
    case $1 in
        # The builder's pip and venv stay in an image of their own; see the two tags below.
        python) echo "python3 ca-certificates tzdata postgresql-client" ;;
        python-build) echo "python3-venv python3-pip" ;;
        postgresql) echo "postgresql" ;;
        redis) echo "redis-server" ;;
        nginx) echo "nginx-light" ;;
        prometheus) echo "prometheus" ;;
        *) echo "unknown image: $1" >&2 && return 1 ;;
    esac
}

WORK=$(mktemp -d -p "${TMPDIR:-/var/tmp}" xiangzhi-bases.XXXXXX)
clean() {
    for mounted in "$WORK"/*/proc; do
        mountpoint -q "$mounted" && umount "$mounted"
    done
    rm -rf "$WORK"
}
trap clean EXIT
trap 'exit 1' INT TERM

debian() { # the smallest system with today's updates, made once per run
    [ -d "$WORK/debian" ] && return
    echo "Debian $SUITE …"
    debootstrap --variant=minbase "$SUITE" "$WORK/debian" "$MIRROR" > "$WORK/log" 2>&1 || { tail -5 "$WORK/log" >&2; exit 1; }
    cat > "$WORK/debian/etc/apt/sources.list" << SOURCES
deb $MIRROR $SUITE main
deb $MIRROR $SUITE-updates main
deb $SECURITY_MIRROR $SUITE-security main
SOURCES
    # How this machine reaches its mirrors (proxies, clocks) holds for the installation only.
    apt-config dump Acquire > "$WORK/debian/etc/apt/apt.conf.d/99host"
    cat > "$WORK/debian/etc/dpkg/dpkg.cfg.d/small" << 'SMALL'
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/man/*
path-exclude=/usr/share/locale/*
SMALL
    # What breaks off is made anew: nothing has to reach the disk before the next file is written.
    echo force-unsafe-io > "$WORK/debian/etc/dpkg/dpkg.cfg.d/99host"
    printf '#!/bin/sh\nexit 101\n' > "$WORK/debian/usr/sbin/policy-rc.d"
    chmod 755 "$WORK/debian/usr/sbin/policy-rc.d"
    # Clusters are made by the container, in its volume.
    mkdir -p "$WORK/debian/etc/postgresql-common"
    echo "create_main_cluster = false" > "$WORK/debian/etc/postgresql-common/createcluster.conf"
    inside debian "apt-get update && apt-get -y upgrade"
}

inside() { # inside ROOT COMMAND
    mount -t proc proc "$WORK/$1/proc"
    if ! DEBIAN_FRONTEND=noninteractive LC_ALL=C chroot "$WORK/$1" sh -ec "$2" > "$WORK/log" 2>&1; then
        tail -5 "$WORK/log" >&2
        exit 1
    fi
    umount "$WORK/$1/proc"
}

make_image() { # make_image NAME FROM TAG [CHANGE…]
    name=$1 from=$2 tag=$3
    shift 3
    echo "$tag …"
    cp -a "$WORK/$from" "$WORK/$name"
    inside "$name" "apt-get -y --no-install-recommends install $(packages_of "$name")"
    # A volume takes its owner from the folder that it covers, as in the official images.
    case $name in
        postgresql)
            install -m 755 "$HERE/postgresql-entrypoint.sh" "$WORK/$name/usr/local/bin/docker-entrypoint.sh"
            inside "$name" "install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/data"
            inside "$name" "install -d -o postgres -g postgres -m 3777 /run/postgresql"
            ;;
        redis) inside "$name" "install -d -o redis -g redis -m 0700 /data" ;;
        prometheus) inside "$name" "install -d -o nobody -g nogroup -m 0755 /prometheus" ;;
    esac
    tar -C "$WORK/$name" --numeric-owner -c \
        --exclude=./var/cache/apt/* --exclude=./var/lib/apt/lists/* --exclude=./var/log/* --exclude=./tmp/* \
        --exclude=./etc/apt/apt.conf.d/99host --exclude=./etc/dpkg/dpkg.cfg.d/99host \
        --exclude=./etc/ssl/private/* --exclude=./etc/machine-id . \
        | docker import "$@" - "$tag" > /dev/null
}

present() { [ -z "$again" ] && docker image inspect "$1" > /dev/null 2>&1; }

for image in "$@"; do
    case $image in
        python)
            tag=$PREFIX/python:3.11
            present "$tag" && present "$tag-build" && continue
            debian
            make_image python debian "$tag" --change "CMD [\"python3\"]"
            make_image python-build python "$tag-build" --change "CMD [\"python3\"]"
            ;;
        postgresql)
            tag=$PREFIX/postgresql:15
            present "$tag" && continue
            debian
            make_image postgresql debian "$tag" \
                --change "ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/data" \
                --change "ENTRYPOINT [\"docker-entrypoint.sh\"]" --change "CMD [\"postgres\"]"
            ;;
        redis)
            tag=$PREFIX/redis:7
            present "$tag" && continue
            debian
            make_image redis debian "$tag" --change "CMD [\"redis-server\"]"
            ;;
        nginx)
            tag=$PREFIX/nginx:1
            present "$tag" && continue
            debian
            make_image nginx debian "$tag" --change "CMD [\"nginx\", \"-g\", \"daemon off;\"]"
            ;;
        prometheus)
            tag=$PREFIX/prometheus:2
            present "$tag" && continue
            debian
            make_image prometheus debian "$tag" --change "ENTRYPOINT [\"prometheus\"]"
            ;;
        *)
            packages_of "$image" > /dev/null
            exit 1
            ;;
    esac
done
