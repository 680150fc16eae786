"""Secrets from files: `REDIS_URL_FILE` names a file that holds what `REDIS_URL` would.

A container's environment is shown by every tool that looks at it; a file is shown to the process alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from shared.setting_checks import SettingsError
from shared.topology import Service

# The variables that hold a password.
FILED = (
    "REDIS_URL",
    "DATABASE_URL",
    *(f"{service.upper()}_DATABASE_URL" for service in Service),
    "RELAY_DATABASE_URL",
    "SCHEDULER_DATABASE_URL",
)


def with_secret_files(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with the content of the files that it names. Raises SettingsError for one that can't be read."""
    found = dict(environment)
    for name in FILED:
        path = found.get(f"{name}_FILE")
        if path and not found.get(name):
            found[name] = _content(name, path)
    return found


def _content(name: str, path: str) -> str:
    try:
        content = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "不是文字"
        raise SettingsError(f"{name}_FILE 指的文件 {path} 读不了（{reason}）。请检查路径和文件的权限。") from error
    if not content:
        raise SettingsError(f"{name}_FILE 指的文件 {path} 是空的。请把 {name} 的内容写进去。")
    return content
