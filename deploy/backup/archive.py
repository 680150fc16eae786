"""The archive of a backup: a tar file whose last entry lists every other one with its SHA-256."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

from deploy.backup.refusal import CannotDo

MANIFEST = "manifest.json"
# Photos and dumps are compressed already.
_LEVEL = 1
_BLOCK = 1024 * 1024


@dataclass(slots=True)
class Manifest:
    """What an archive holds. `files` maps names to SHA-256; `rows` maps tables to their counts."""

    kind: str
    made_at: str
    dialect: str = ""
    revision: str | None = None
    rows: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def write_archive(target: Path, manifest: Manifest, content: Mapping[str, Path]) -> None:
    """Write `content` (name in the archive → file) and the manifest to `target`, readable by its owner only.

    Appears under its name only when complete.
    """
    partial = target.with_name(target.name + ".part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        with tarfile.open(fileobj=out, mode="w:gz", compresslevel=_LEVEL) as archive:
            for name, path in content.items():
                archive.add(path, name, recursive=False)
                manifest.files[name] = sha256_of(path)
            listing = json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode()
            entry = tarfile.TarInfo(MANIFEST)
            entry.size = len(listing)
            archive.addfile(entry, io.BytesIO(listing))
        out.flush()
        os.fsync(out.fileno())
    partial.rename(target)


def read_archive(source: Path, folder: Path) -> Manifest:
    """Unpack `source` into `folder`, check every file against the manifest, and return it.

    Raises CannotDo for a file that is no backup, is cut short, or was changed.
    """
    try:
        with tarfile.open(source, "r:gz") as archive:
            for member in archive:
                _unpack(archive, member, folder)
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, EOFError, tarfile.TarError, ValueError, TypeError) as error:
        raise CannotDo(f"{source} 不是完整的备份文件（{error}），请换一个备份。") from error
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file() or sha256_of(path) != expected:
            raise CannotDo(f"备份里的 {name} 缺失或已损坏，请换一个备份。")
    return manifest


def _unpack(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Plain files inside the folder only: an archive from elsewhere must not write anywhere else."""
    name = PurePosixPath(member.name)
    content = archive.extractfile(member) if member.isfile() else None
    if content is None or name.is_absolute() or ".." in name.parts:
        raise tarfile.TarError(f"unexpected entry {member.name}")
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Keys are among them: for their owner only.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        while block := content.read(_BLOCK):
            out.write(block)


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while block := content.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def files_under(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    """Every file of a folder with its name in the archive."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield f"{prefix}/{path.relative_to(folder).as_posix()}", path
