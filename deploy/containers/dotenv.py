"""The file .env beside docker-compose.yml: what Compose reads, and where a deployment's own choices are kept."""

from __future__ import annotations

from pathlib import Path


def read_dotenv(path: Path) -> dict[str, str]:
    """The settings of the file; none where it is missing."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, value in pairs}


def write_dotenv(path: Path, changes: dict[str, str]) -> None:
    """Set these, and leave every other line as it is."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    kept = [line for line in lines if line.split("=", 1)[0].strip() not in changes]
    text = "".join(f"{line}\n" for line in [*kept, *(f"{name}={value}" for name, value in changes.items())])
    draft = path.with_name(path.name + ".part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
