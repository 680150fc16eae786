"""Settings of every process: typed, read once from the environment, refused at start when they can't be right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from environs import Env, EnvValidationError, validate

from shared.topology import Service


class SettingsError(Exception):
    """Raised at start when a setting can't be right; in Chinese, with the variable, what is wrong, and the mend."""


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
    upload_limit_bytes: int
    gateway_public_url: str
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


# What nobody else can choose for a production system.
_CHOSEN = {
    "DATABASE_URL": "数据库的地址",
    "REDIS_URL": "消息服务 Redis 的地址",
    "XZ_KEY_DIR": "放密钥的文件夹，最好和数据不在同一块盘上",
    "XZ_PUBLIC_URL": "大家在浏览器里输入的网址，https:// 开头",
}
_WRONG = {
    "Not a valid boolean.": "只能是 1 或 0",
    "Not a valid integer.": "要填整数",
    "Not a valid number.": "要填数字",
}
_PORTS = {Service.GATEWAY: 8000, Service.INTAKE: 8001, Service.POINTS: 8002, Service.PETITIONS: 8003}


def read_settings(environment: dict[str, str] | None = None) -> Settings:
    """Read settings from `environment` (default: the process's).

    Raises SettingsError naming the variable that is missing or wrong.
    """
    import os

    env = Env(expand_vars=False)
    saved = None
    if environment is not None:
        saved = dict(os.environ)
        os.environ.clear()
        os.environ.update(environment)
    try:
        return _read(env)
    except EnvValidationError as error:
        raise SettingsError(_in_words(error)) from error
    finally:
        if saved is not None:
            os.environ.clear()
            os.environ.update(saved)


def _read(env: Env) -> Settings:
    production = env.bool("XZ_PRODUCTION", False)
    data_dir = Path(env.str("XZ_DATA_DIR", "var")).resolve()
    database_url = env.str("DATABASE_URL", "") or f"sqlite:///{data_dir / 'xiangzhi.db'}"
    demo = env.bool("XZ_DEMO", not production)
    secure_cookies = env.bool("XZ_SECURE_COOKIES", production)
    if production:
        _refuse_unsafe(env, demo)
        _require_reachable(env.str("XZ_PUBLIC_URL", ""), secure_cookies)
    return Settings(
        production=production,
        demo=demo,
        data_dir=data_dir,
        database_url=with_driver(database_url),
        service_database_urls={
            service: with_driver(url) for service in Service if (url := env.str(f"{service.upper()}_DATABASE_URL", ""))
        },
        redis_url=env.str("REDIS_URL", "redis://127.0.0.1:6379/0"),
        service_urls={
            service: env.str(f"{service.upper()}_URL", f"http://127.0.0.1:{port}") for service, port in _PORTS.items()
        },
        key_dir=Path(env.str("XZ_KEY_DIR", str(data_dir / "keys"))).resolve(),
        certificate_dir=Path(env.str("XZ_CERTIFICATE_DIR", "certificates")).resolve(),
        log_level=env.str("XZ_LOG_LEVEL", "INFO").upper(),
        log_json=env.bool("XZ_LOG_JSON", production),
        upload_limit_bytes=env.int("XZ_UPLOAD_LIMIT_MB", 30) * 1024 * 1024,
        gateway_public_url=env.str("XZ_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/"),
        secure_cookies=secure_cookies,
        trusted_proxies=env.int("XZ_TRUSTED_PROXIES", 0),
        proxy_networks=_networks(env.str("XZ_PROXY_NETWORKS", "")),
        limit_factor=env.float("XZ_LIMIT_FACTOR", 1.0, validate=validate.Range(min=0.1, error="至少要 {min}")),
        lease_seconds=env.int("XZ_LEASE_SECONDS", 30),
        relay_interval_seconds=env.float("XZ_RELAY_INTERVAL_SECONDS", 1.0),
        relay_database_url=with_driver(env.str("RELAY_DATABASE_URL", "") or database_url),
        scheduler_database_url=with_driver(env.str("SCHEDULER_DATABASE_URL", "") or database_url),
        metrics_port=env.int("XZ_METRICS_PORT", 0),
        metrics_host=env.str("XZ_METRICS_HOST", "127.0.0.1"),
        keep=_read_keeping(env),
    )


def _read_keeping(env: Env) -> Keeping:
    at_least_a_month = validate.Range(min=30, error="至少要 {min} 天")
    return Keeping(
        residents_days=env.int("XZ_KEEP_RESIDENTS_DAYS", 1095, validate=at_least_a_month),
        demands_days=env.int("XZ_KEEP_DEMANDS_DAYS", 1095, validate=at_least_a_month),
        evidence_days=env.int("XZ_KEEP_EVIDENCE_DAYS", 1095, validate=at_least_a_month),
        petitions_days=env.int("XZ_KEEP_PETITIONS_DAYS", 3653, validate=at_least_a_month),
        notices_days=env.int("XZ_KEEP_NOTICES_DAYS", 365, validate=at_least_a_month),
        contacts_days=env.int("XZ_KEEP_CONTACTS_DAYS", 365, validate=at_least_a_month),
    )


def _refuse_unsafe(env: Env, demo: bool) -> None:
    """A production system starts only with what someone has chosen: no demo accounts, no default places for secrets."""
    if demo:
        raise SettingsError(
            "正式运行时 XZ_DEMO 必须是 0：演示账号的密码是公开的，谁都能登录。请去掉 XZ_DEMO，或改成 0。"
        )
    for name, what in _CHOSEN.items():
        if not env.str(name, ""):
            raise SettingsError(f"正式运行时必须设 {name}：{what}。请设好这个环境变量再启动。")


def _require_reachable(url: str, secure_cookies: bool) -> None:
    """A browser keeps no secure cookie of a plain `http://` page, so nobody could log in; on loopback it does."""
    scheme, _, rest = url.partition("://")
    try:
        host = urlsplit(f"//{rest}").hostname
    except ValueError:
        host = None
    if scheme.lower() not in ("http", "https") or not host:
        raise SettingsError(
            f"XZ_PUBLIC_URL 填的“{url}”不是完整的网址。请填大家在浏览器里输入的地址，例如 https://xz.example.cn。"
        )
    if scheme.lower() == "http" and secure_cookies and not _is_loopback(host):
        raise SettingsError(
            f"XZ_PUBLIC_URL 填的“{url}”是 http:// 开头的，这样谁也登录不了：正式运行时，登录只在 HTTPS 上有效。"
            "请在系统前面架好 HTTPS 反向代理，再把 XZ_PUBLIC_URL 改成 https:// 开头的地址。"
        )


def _networks(words: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(word.strip()) for word in words.split(",") if word.strip())
    except ValueError as error:
        raise SettingsError(
            f"XZ_PROXY_NETWORKS 填的“{words}”不对：要填反向代理的地址或网段，用英文逗号隔开，"
            "例如 127.0.0.1,10.8.0.0/24。"
        ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _in_words(error: EnvValidationError) -> str:
    named = re.search(r'"(\w+)"', str(error))
    said = "；".join(_WRONG.get(str(each), str(each)) for each in error.error_messages)
    return f"{named[1] if named else '设置'} 填得不对：{said}。请改好这个环境变量，或去掉它用默认值。"


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
