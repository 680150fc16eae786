"""An image as a file: what `docker save` writes, an OCI layout, or the tar of a root file system."""

from __future__ import annotations

import json
import posixpath
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

Opener = Callable[[str], IO[bytes]]
"""Opens a part of the image by its path in there; raises KeyError if there is none."""


class NoImage(Exception):
    """Raised with one sentence where the file is no image that can be read."""


@dataclass(frozen=True, slots=True)
class File:
    """One entry of one layer; the path has no leading slash."""

    path: str
    mode: int
    owner: int
    is_directory: bool
    is_regular: bool
    size: int
    link: str


Reader = Callable[[], bytes]
Entries = Iterator[tuple[File, Reader]]


@dataclass(frozen=True, slots=True)
class Image:
    """Its settings (`User`, `Env`, …), the commands it was made by, and its layers from the lowest to the highest."""

    settings: dict[str, Any]
    history: list[str]
    layers: list[Callable[[], Entries]]


@contextmanager
def opened(path: Path) -> Iterator[Image]:
    """The image in a tar, or in the folder of an OCI layout; its layers can be read as long as the block lasts."""
    if path.is_dir():
        yield _image(lambda name: _in_folder(path, name), None)
        return
    try:
        with tarfile.open(path) as outer:
            names = {posixpath.normpath(name): name for name in outer.getnames()}
            yield _image(lambda name: _in_tar(outer, names[posixpath.normpath(name)]), path)
    except (OSError, tarfile.TarError, ValueError) as error:
        raise NoImage(f"{path} is no image that can be read: {str(error).partition(chr(10))[0]}.") from error


def _in_folder(folder: Path, name: str) -> IO[bytes]:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise KeyError(name)
    return path.open("rb")


def _in_tar(outer: tarfile.TarFile, name: str) -> IO[bytes]:
    found = outer.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found


def _image(part: Opener, root: Path | None) -> Image:
    try:
        saved = _if_there(part, "manifest.json")
        if saved is not None:
            return _of_layers(part, saved[0]["Config"], saved[0]["Layers"])
        index = _if_there(part, "index.json")
        if index is not None:
            manifest = _json(part, _blob(_first_image(part, index)))
            return _of_layers(part, _blob(manifest["config"]), [_blob(each) for each in manifest["layers"]])
    except (KeyError, IndexError, TypeError) as error:
        raise NoImage(f"The image is not complete: {error} is missing or not as it should be.") from error
    if root is None:
        raise NoImage("The folder is no OCI layout: it has no index.json.")
    # A root file system by itself: one layer, and nothing is known of how it is started.
    return Image({}, [], [lambda: _entries(root.open("rb"))])


def _if_there(part: Opener, name: str) -> Any:
    try:
        return _json(part, name)
    except KeyError:
        return None


def _first_image(part: Opener, index: dict[str, Any]) -> dict[str, Any]:
    """An index may point at an index, one image for each kind of machine: the first is taken."""
    first: dict[str, Any] = index["manifests"][0]
    if "index" in first.get("mediaType", "") or "manifest.list" in first.get("mediaType", ""):
        return _first_image(part, _json(part, _blob(first)))
    return first


def _blob(descriptor: dict[str, Any]) -> str:
    algorithm, _, digest = descriptor["digest"].partition(":")
    return f"blobs/{algorithm}/{digest}"


def _json(part: Opener, name: str) -> Any:
    with part(name) as content:
        return json.loads(content.read())


def _of_layers(part: Opener, config: str, layers: list[str]) -> Image:
    described = _json(part, config)
    missing = [name for name in layers if not _is_there(part, name)]
    if missing:
        raise KeyError(missing[0])
    history = [str(step.get("created_by", "")) for step in described.get("history") or []]
    return Image(described.get("config") or {}, history, [lambda name=name: _entries(part(name)) for name in layers])  # type: ignore[misc]


def _is_there(part: Opener, name: str) -> bool:
    try:
        part(name).close()
    except KeyError:
        return False
    return True


def _entries(content: IO[bytes]) -> Entries:
    with content, tarfile.open(fileobj=content) as layer:
        for entry in layer:
            path = posixpath.normpath(entry.name).lstrip("/")
            found = File(path, entry.mode, entry.uid, entry.isdir(), entry.isreg(), entry.size, entry.linkname or "")
            yield found, lambda entry=entry: _read(layer, entry)  # type: ignore[misc]


def _read(layer: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    content = layer.extractfile(entry)
    return content.read() if content else b""
