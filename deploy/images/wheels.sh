#!/bin/sh
# Fetches what the lock file names into build/wheels, so that the image is built without a network: `make image` uses
# what lies there. Runs pip inside the base image (its Python decides which files fit), with this machine's way to its
# package index: pip's own settings, proxies and certificates hold for this one run and stay in no image.
#
#   deploy/images/wheels.sh [BASE-IMAGE]          the base with pip (default: PYTHON_BUILD_IMAGE)
set -eu
cd "$(dirname "$0")/../.."

image=${1:-${PYTHON_BUILD_IMAGE:-python:3.11-slim-bookworm}}
python=${PYTHON:-python3}
mkdir -p build/wheels
"$python" deploy/images/runtime_requirements.py < requirements.lock > build/runtime.lock
if cmp -s build/runtime.lock build/wheels/runtime.lock; then
    exit 0
fi
echo "fetching the locked packages …"
rm -rf build/wheels
mkdir -p build/wheels

setting() { "$python" -m pip config list 2> /dev/null | sed -n "s/^[^=]*\\.$1='\\(.*\\)'$/\\1/p" | head -1; }
set -- run --rm -i --network host -e PIP_DISABLE_PIP_VERSION_CHECK=1 -e PIP_NO_CACHE_DIR=1 -e PIP_ROOT_USER_ACTION=ignore
for name in index-url trusted-host timeout; do
    value=$(setting $name)
    [ -z "$value" ] || set -- "$@" -e "PIP_$(echo $name | tr a-z- A-Z_)=$value"
done
certificate=${PIP_CERT:-$(setting cert)}
[ -z "$certificate" ] || set -- "$@" -e PIP_CERT=/tmp/ca.pem -v "$certificate:/tmp/ca.pem:ro"
for name in HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy PIP_INDEX_URL; do
    eval "value=\${$name:-}"
    [ -z "$value" ] || set -- "$@" -e "$name=$value"
done

# A package that has only its source is fetched as that: a wheel made of it would not have the locked hash. Its
# description is read with the setuptools of the base image.
docker "$@" -v "$PWD/build:/build" "$image" \
    python3 -m pip download --quiet --no-deps --no-build-isolation --require-hashes \
    --dest /build/wheels --requirement /build/runtime.lock
cp build/runtime.lock build/wheels/runtime.lock
