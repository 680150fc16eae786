"""The real kustomize, where the machine's kubectl has one that reads today's kustomizations."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_OLDEST_MAJOR = 5


@cache
def has_kustomize() -> bool:
    """Whether `kubectl kustomize` is of version 5 or newer. Debian 12's is of version 2 and refuses `patches`."""
    if shutil.which("kubectl") is None:
        return False
    answer = subprocess.run(
        ["kubectl", "version", "--client", "--output=json"], capture_output=True, text=True, check=False, timeout=60
    )
    version = json.loads(answer.stdout).get("kustomizeVersion", "v0") if answer.returncode == 0 else "v0"
    return int(version.removeprefix("v").split(".")[0]) >= _OLDEST_MAJOR


def render(folder: Path) -> list[dict[str, Any]]:
    """Every object of the kustomization in `folder`, as kustomize makes it."""
    answer = subprocess.run(
        ["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=True, timeout=60
    )
    return list(yaml.safe_load_all(answer.stdout))
