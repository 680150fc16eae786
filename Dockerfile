# One image for every role of the system; `python -m deploy.roles ROLE` starts one of them.
#
# The packages come from build/wheels if something lies there (`make image` fetches it), else from the package index.
# A site without a registry makes both bases with deploy/images/bases.sh.
ARG PYTHON_BUILD_IMAGE=python:3.11-slim-bookworm
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_BUILD_IMAGE} AS build
ARG PIP_INDEX_URL
WORKDIR /build
RUN python3 -m venv --without-pip /opt/xiangzhi
# The lock is always there; the folder of wheels may be missing.
COPY requirements.lock build/wheel[s] wheels/
COPY deploy/images/runtime_requirements.py ./
RUN python3 runtime_requirements.py < wheels/requirements.lock > runtime.lock \
    && if ls wheels/*.whl > /dev/null 2>&1; then offline="--no-index --find-links wheels"; fi \
    && python3 -m pip wheel --quiet --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation \
        --require-hashes $offline --requirement runtime.lock --wheel-dir made \
    && python3 -m pip --python /opt/xiangzhi/bin/python install --quiet --no-cache-dir --disable-pip-version-check \
        --no-index --no-deps made/*.whl

FROM ${PYTHON_IMAGE}
ARG XZ_VERSION=0
LABEL org.opencontainers.image.title="xiangzhi" org.opencontainers.image.version="${XZ_VERSION}"
# Backups are made by PostgreSQL's own programs. What only builds things goes, and no program keeps other rights than
# those of who starts it.
RUN if ! command -v pg_dump > /dev/null; then \
        apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql-client > /dev/null \
        && rm -rf /var/lib/apt/lists/*; \
    fi \
    && rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/site-packages/setuptools* \
        /usr/local/lib/python3*/site-packages/wheel* /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && groupadd --gid 10001 xiangzhi \
    && useradd --uid 10001 --gid 10001 --home-dir /app --no-create-home --shell /usr/sbin/nologin xiangzhi \
    # A volume takes owner and mode from the folder that it covers.
    && install -d -o xiangzhi -g xiangzhi -m 0700 /data /data/files /data/calendar /data/marks /keys \
    && for each in intake points petitions gateway; do \
        install -d -o xiangzhi -g xiangzhi -m 0700 "/data/files/$each" "/keys/$each"; \
    done \
    && install -d -o xiangzhi -g xiangzhi -m 0755 /keys/public
COPY --from=build /opt/xiangzhi /opt/xiangzhi
COPY shared /app/shared
COPY services /app/services
COPY deploy /app/deploy
# Compiled once, since nothing can be written later.
RUN /opt/xiangzhi/bin/python -m compileall -q -j 0 /app
WORKDIR /app
ENV PATH=/opt/xiangzhi/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore \
    XZ_DATA_DIR=/data XZ_KEY_DIR=/keys XZ_LOG_JSON=1 XZ_METRICS_HOST=0.0.0.0 XZ_METRICS_PORT=9100
USER xiangzhi
ENTRYPOINT ["python", "-m", "deploy.roles"]
HEALTHCHECK --interval=5s --timeout=10s --start-period=120s --retries=3 CMD ["python", "-I", "-S", "/app/deploy/check.py"]
