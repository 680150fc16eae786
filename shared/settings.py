"""Settings of every process: typed, read once from the environment, refused at start when they can't be right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from environs import Env, EnvValidationError

from shared.secret_files import with_secret_files
from shared.setting_checks import (
    AT_LEAST_A_MONTH,
    AT_LEAST_A_TENTH,
    NOT_NEGATIVE,
    PORT,
    POSITIVE,
    SettingsError,
    in_words,
    is_broker,
    is_database,
    is_level,
    networks,
    refuse_unsafe,
    require_reachable,
)
from shared.topology import Service

__all__ = ["Keeping", "Settings", "SettingsError", "read_settings", "settings", "settings_at_start", "with_driver"]


@dataclass(frozen=True, slots=True)
class Keeping:
    """After how many days the personal part of a record is forgotten."""

    residents_days: int
    demands_days: int
    evidence_days: int
    petitions_days: int
    notices_days: int
    contacts_days: int


@dataclass(frozen=True, slots=True)
class Settings:
    """One process's settings. Every field is documented in `.env.example`."""

    production: bool
    demo: bool
    data_dir: Path
    database_url: str
    service_database_urls: dict[Service, str]
    redis_url: str
    service_urls: dict[Service, str]
    key_dir: Path
    # Certificates for HTTPS; keys in it are read by the web server only.
    certificate_dir: Path
    log_level: str
    log_json: bool
    # The most that one request may bring, a workbook included; a photo and a scan may be smaller only.
    upload_limit_bytes: int
    photo_limit_bytes: int
    scan_limit_bytes: int
    # Below this much free space no upload is taken any more.
    spare_bytes: int
    gateway_public_url: str
    # Where phones fetch the township's CA: over plain HTTP, since they do not trust HTTPS before they have it.
    plain_url: str
    secure_cookies: bool
    # How many reverse proxies stand before the gateway; their `X-Forwarded-*` are believed, nobody else's.
    trusted_proxies: int
    # Where those proxies are; empty: wherever the connection comes from.
    proxy_networks: tuple[IPv4Network | IPv6Network, ...]
    limit_factor: float
    lease_seconds: int
    relay_interval_seconds: float
    relay_database_url: str
    scheduler_database_url: str
    metrics_port: int
    metrics_host: str
    keep: Keeping

    def database_url_of(self, service: Service) -> str:
        """The URL that `service` connects with; its own role on PostgreSQL where one is configured."""
        return self.service_database_urls.get(service, self.database_url)


_PORTS = {Service.GATEWAY: 8000, Service.INTAKE: 8001, Service.POINTS: 8002, Service.PETITIONS: 8003}


def read_settings(environment: dict[str, str] | None = None) -> Settings:
    """Read settings from `environment` (default: the process's).

    Raises SettingsError naming the variable that is missing or wrong.
    """
    import os

    env = Env(expand_vars=False)
    saved = dict(os.environ)
    # For the moment of reading: what files hold is not handed on to programs that this one starts.
    wanted = with_secret_files(saved if environment is None else environment)
    os.environ.clear()
    os.environ.update(wanted)
    try:
        return _read(env)
    except EnvValidationError as error:
        raise SettingsError(in_words(error)) from error
    finally:
        os.environ.clear()
        os.environ.update(saved)


def _read(env: Env) -> Settings:
    production = env.bool("XZ_PRODUCTION", False)
    data_dir = Path(env.str("XZ_DATA_DIR", "var")).resolve()
    database_url = env.str("DATABASE_URL", "", validate=is_database) or f"sqlite:///{data_dir / 'xiangzhi.db'}"
    demo = env.bool("XZ_DEMO", not production)
    secure_cookies = env.bool("XZ_SECURE_COOKIES", production)
    public_url = env.str("XZ_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
    if production:
        refuse_unsafe(env, demo)
        require_reachable(env.str("XZ_PUBLIC_URL", ""), secure_cookies)
    return Settings(
        production=production,
        demo=demo,
        data_dir=data_dir,
        database_url=with_driver(database_url),
        service_database_urls={
            service: with_driver(url)
            for service in Service
            if (url := env.str(f"{service.upper()}_DATABASE_URL", "", validate=is_database))
        },
        redis_url=env.str("REDIS_URL", "", validate=is_broker) or "redis://127.0.0.1:6379/0",
        service_urls={
            service: env.str(f"{service.upper()}_URL", f"http://127.0.0.1:{port}") for service, port in _PORTS.items()
        },
        key_dir=Path(env.str("XZ_KEY_DIR", str(data_dir / "keys"))).resolve(),
        certificate_dir=Path(env.str("XZ_CERTIFICATE_DIR", "certificates")).resolve(),
        log_level=env.str("XZ_LOG_LEVEL", "INFO", validate=is_level).upper(),
        log_json=env.bool("XZ_LOG_JSON", production),
        upload_limit_bytes=env.int("XZ_UPLOAD_LIMIT_MB", 30, validate=POSITIVE) * 1024 * 1024,
        photo_limit_bytes=env.int("XZ_PHOTO_LIMIT_MB", 15, validate=POSITIVE) * 1024 * 1024,
        scan_limit_bytes=env.int("XZ_SCAN_LIMIT_MB", 20, validate=POSITIVE) * 1024 * 1024,
        spare_bytes=env.int("XZ_DISK_SPARE_MB", 500, validate=NOT_NEGATIVE) * 1024 * 1024,
        gateway_public_url=public_url,
        plain_url=env.str("XZ_PLAIN_URL", "").rstrip("/") or _without_encryption(public_url),
        secure_cookies=secure_cookies,
        trusted_proxies=env.int("XZ_TRUSTED_PROXIES", 0, validate=NOT_NEGATIVE),
        proxy_networks=networks(env.str("XZ_PROXY_NETWORKS", "")),
        limit_factor=env.float("XZ_LIMIT_FACTOR", 1.0, validate=AT_LEAST_A_TENTH),
        lease_seconds=env.int("XZ_LEASE_SECONDS", 30, validate=POSITIVE),
        relay_interval_seconds=env.float("XZ_RELAY_INTERVAL_SECONDS", 1.0, validate=POSITIVE),
        relay_database_url=with_driver(env.str("RELAY_DATABASE_URL", "", validate=is_database) or database_url),
        scheduler_database_url=with_driver(env.str("SCHEDULER_DATABASE_URL", "", validate=is_database) or database_url),
        metrics_port=env.int("XZ_METRICS_PORT", 0, validate=PORT),
        metrics_host=env.str("XZ_METRICS_HOST", "127.0.0.1"),
        keep=_read_keeping(env),
    )


def _read_keeping(env: Env) -> Keeping:
    return Keeping(
        residents_days=env.int("XZ_KEEP_RESIDENTS_DAYS", 1095, validate=AT_LEAST_A_MONTH),
        demands_days=env.int("XZ_KEEP_DEMANDS_DAYS", 1095, validate=AT_LEAST_A_MONTH),
        evidence_days=env.int("XZ_KEEP_EVIDENCE_DAYS", 1095, validate=AT_LEAST_A_MONTH),
        petitions_days=env.int("XZ_KEEP_PETITIONS_DAYS", 3653, validate=AT_LEAST_A_MONTH),
        notices_days=env.int("XZ_KEEP_NOTICES_DAYS", 365, validate=AT_LEAST_A_MONTH),
        contacts_days=env.int("XZ_KEEP_CONTACTS_DAYS", 365, validate=AT_LEAST_A_MONTH),
    )


def _without_encryption(public_url: str) -> str:
    """The same host at the usual port of HTTP; an address that has no encryption is its own."""
    scheme, _, rest = public_url.partition("://")
    if scheme != "https":
        return public_url
    return "http://" + re.sub(r":\d+$", "", rest.partition("/")[0])


def with_driver(url: str) -> str:
    """Name the driver: `postgres://` and `postgresql://` mean psycopg 3 here."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


@lru_cache(maxsize=1)
def settings() -> Settings:
    """This process's settings, read at the first call."""
    return read_settings()


def settings_at_start() -> Settings:
    """The same for a process that begins: what can't be right ends it with that sentence alone, and exit code 1."""
    try:
        return settings()
    except SettingsError as error:
        raise SystemExit(f"{error}每一项的说明见 .env.example。") from error
