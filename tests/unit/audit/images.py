"""Small made-up images as tar files."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RELEASE = 'PRETTY_NAME="Debian"\nVERSION_CODENAME=bookworm\n'
STATUS = """Package: libssl3
Status: install ok installed
Source: openssl
Version: 3.0.15-1~deb12u1
Description: a library
 Source: of nothing

Package: zlib1g
Status: install ok installed
Source: zlib (1:1.2.13.dfsg-1)
Version: 1:1.2.13.dfsg-1+b1

Package: gone
Status: deinstall ok config-files
Version: 1
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a layer holds under a path."""

    content: str = ""
    mode: int = 0o644
    owner: int = 0
    is_directory: bool = False


Layer = Mapping[str, Entry]
DEBIAN: Layer = {"etc/os-release": Entry(RELEASE), "var/lib/dpkg/status": Entry(STATUS)}
SETTINGS = {"User": "10001", "Env": ["PATH=/usr/bin"], "Healthcheck": {"Test": ["CMD", "true"]}}


def tar_of(entries: Layer, *, compressed: bool = False) -> bytes:
    """A tar with these entries, in their order."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz" if compressed else "w") as archive:
        for path, entry in entries.items():
            info = tarfile.TarInfo(path)
            info.mode, info.uid = entry.mode, entry.owner
            if entry.is_directory:
                info.type = tarfile.DIRTYPE
            content = entry.content.encode()
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def _pack(path: Path, parts: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def saved(path: Path, layers: Sequence[Layer], settings: Mapping[str, Any] = SETTINGS, made_by: str = "") -> Path:
    """What `docker save` writes."""
    names = [f"layer-{number}/layer.tar" for number in range(len(layers))]
    config = {"config": settings, "history": [{"created_by": made_by}]}
    parts = {name: tar_of(layer) for name, layer in zip(names, layers, strict=True)}
    parts["config.json"] = json.dumps(config).encode()
    parts["manifest.json"] = json.dumps([{"Config": "config.json", "RepoTags": ["x:1"], "Layers": names}]).encode()
    return _pack(path, parts)


def oci(path: Path, layers: Sequence[Layer], settings: Mapping[str, Any] = SETTINGS) -> Path:
    """An OCI layout with an index in the index, its layers compressed."""
    parts: dict[str, bytes] = {}

    def blob(content: bytes, kind: str) -> dict[str, str]:
        name = f"{len(parts):064x}"
        parts[f"blobs/sha256/{name}"] = content
        return {"digest": f"sha256:{name}", "mediaType": f"application/vnd.oci.image.{kind}.v1+json"}

    manifest = {
        "config": blob(json.dumps({"config": settings}).encode(), "config"),
        "layers": [blob(tar_of(layer, compressed=True), "layer") for layer in layers],
    }
    inner = {"manifests": [blob(json.dumps(manifest).encode(), "manifest")]}
    parts["index.json"] = json.dumps({"manifests": [blob(json.dumps(inner).encode(), "index")]}).encode()
    return _pack(path, parts)


def root_file_system(path: Path, layer: Layer) -> Path:
    """The tar of a root file system, with the leading dots that `tar -C root .` writes."""
    path.write_bytes(tar_of({f"./{name}": entry for name, entry in layer.items()}))
    return path
