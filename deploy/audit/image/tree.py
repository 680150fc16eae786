"""The files that a container of the image would see, and the secrets that lie in any of its layers."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field

from deploy.audit.image.layers import File, Image, Reader
from deploy.audit.secrets import suspicions

# How a layer says that something below it is gone.
_GONE, _EMPTIED = ".wh.", ".wh..wh..opq"
_KEPT = ("etc/os-release", "usr/lib/os-release", "var/lib/dpkg/status")
_KEPT_FOLDER = "var/lib/dpkg/status.d/"
# Keys and settings are small; what is larger is a program or data.
_LARGEST = 1_000_000
# Documentation and libraries show addresses with passwords that open nothing; keys are looked for there too.
_EXAMPLES = ("/site-packages/", "/dist-packages/", "usr/share/", "usr/lib/python3", "usr/local/lib/python3")
_NAMES = (".env", ".pgpass", ".netrc", "id_rsa", "id_ed25519", "id_ecdsa", ".git-credentials", ".pypirc", ".npmrc")


@dataclass(slots=True)
class Tree:
    """The merged files by path, the content of the few that describe the system, and what was found on the way."""

    files: dict[str, File] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)


def merged(image: Image) -> Tree:
    """Lay the layers over each other. A secret counts in every layer: what a higher one removes can still be read."""
    tree = Tree()
    for number, layer in enumerate(image.layers, 1):
        # What a layer hides is below it, whatever the order of its entries.
        added = Tree()
        for file, read in layer():
            folder, name = posixpath.split(file.path)
            if name == _EMPTIED:
                _remove(tree, f"{folder}/" if folder else "")
            elif name.startswith(_GONE):
                hidden = posixpath.join(folder, name.removeprefix(_GONE))
                _remove(tree, f"{hidden}/")
                tree.files.pop(hidden, None)
                tree.contents.pop(hidden, None)
            else:
                added.files[file.path] = file
                tree.secrets += [f"layer {number}: {each}" for each in _examined(added, file, read)]
        tree.files |= added.files
        tree.contents |= added.contents
    return tree


def _remove(tree: Tree, prefix: str) -> None:
    for path in [path for path in tree.files if path.startswith(prefix)]:
        del tree.files[path]
        tree.contents.pop(path, None)


def _examined(layer: Tree, file: File, read: Reader) -> Iterator[str]:
    if not file.is_regular:
        return
    if file.path in _KEPT or (file.path.startswith(_KEPT_FOLDER) and not file.path.endswith(".md5sums")):
        layer.contents[file.path] = read().decode("utf-8", "replace")
        return
    name = posixpath.basename(file.path)
    if name in _NAMES and file.size:
        yield f"/{file.path}: a file of this name holds secrets"
    if 0 < file.size <= _LARGEST:
        content = read()
        # Programs are not read as words.
        if b"\0" not in content[:4096]:
            shows_examples = any(part in f"/{file.path}" for part in _EXAMPLES)
            for each in suspicions(content.decode("utf-8", "replace")):
                if not (shows_examples and each.kind == "password in an address"):
                    yield f"/{file.path}: {each}"
