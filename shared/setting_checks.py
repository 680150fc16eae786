"""What a setting can't be: each check says in Chinese what is wrong and how to mend it."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from environs import Env, EnvValidationError, ValidationError, validate


class SettingsError(Exception):
    """Raised at start when a setting can't be right; in Chinese, with the variable, what is wrong, and the mend."""


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
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_BROKERS = ("redis://", "rediss://", "redis+socket://")

POSITIVE = validate.Range(min=0, min_inclusive=False, error="要大于 0")
NOT_NEGATIVE = validate.Range(min=0, error="不能小于 0")
PORT = validate.Range(min=0, max=65535, error="端口只能是 0 到 65535")
AT_LEAST_A_TENTH = validate.Range(min=0.1, error="至少要 {min}")
AT_LEAST_A_MONTH = validate.Range(min=30, error="至少要 {min} 天")


def is_level(name: str) -> None:
    """A level of the log, in either case. Raises ValidationError."""
    if name.upper() not in _LEVELS:
        raise ValidationError(f"只能是 {'、'.join(_LEVELS[:-1])}")


def is_broker(url: str) -> None:
    """The address of a Redis; empty means the default. Raises ValidationError."""
    if url and not url.startswith(_BROKERS):
        raise ValidationError("要写成 redis://:密码@服务器:6379/0 的样子")


def is_database(url: str) -> None:
    """The address of a database that we run on; empty means the default. Raises ValidationError."""
    if not url:
        return
    # Where only a default is meant, nothing of SQLAlchemy is loaded for it.
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        backend = make_url(url).get_backend_name()
    except (ArgumentError, ValueError):
        backend = ""
    if backend not in ("sqlite", "postgresql", "postgres"):
        raise ValidationError("要写成 postgresql://用户:密码@服务器:5432/数据库，或 sqlite:////文件夹/文件.db 的样子")


def refuse_unsafe(env: Env, demo: bool) -> None:
    """A production system starts only with what someone has chosen: no demo accounts, no default places for secrets."""
    if demo:
        raise SettingsError(
            "正式运行时 XZ_DEMO 必须是 0：演示账号的密码是公开的，谁都能登录。请去掉 XZ_DEMO，或改成 0。"
        )
    for name, what in _CHOSEN.items():
        if not env.str(name, ""):
            raise SettingsError(f"正式运行时必须设 {name}：{what}。请设好这个环境变量再启动。")


def require_reachable(url: str, secure_cookies: bool) -> None:
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
            "请运行 make certificates 后用 TLS=1 启动，或在系统前面架好 HTTPS 反向代理，再把 XZ_PUBLIC_URL "
            "改成 https:// 开头的地址。"
        )


def networks(words: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Addresses and networks of proxies, separated by commas. Raises SettingsError."""
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


def in_words(error: EnvValidationError) -> str:
    named = re.search(r'"(\w+)"', str(error))
    said = "；".join(_WRONG.get(str(each), str(each)) for each in error.error_messages)
    return f"{named[1] if named else '设置'} 填得不对：{said}。请改好这个环境变量，或去掉它用默认值。"
