"""Look through an image's tar and say what it holds that it should not.

python -m deploy.audit.image IMAGE [--advisories TRACKER.json] [--release bookworm] [--allow PATTERN …]

IMAGE is what `docker save` writes, an OCI layout (tar or folder) or the tar of a root file system. Ends with 0 if all
is well, 1 with findings, 2 where a parameter can't be right, and 3 where all is well but no advisories were given.
An advisory that Debian has not mended yet is told and is no finding: nothing could be installed against it.
"""

from __future__ import annotations

import argparse
import fnmatch
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from deploy.audit.advisories import NoAdvisories
from deploy.audit.image import rules
from deploy.audit.image.debian import Package, installed_packages, read_tracker, weaknesses
from deploy.audit.image.layers import NoImage, opened
from deploy.audit.image.tree import Tree, merged

WELL, FINDINGS, WRONG, UNKNOWN = 0, 1, 2, 3


def main(arguments: list[str] | None = None) -> int:
    """Examine and say it, a line per finding; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.audit.image")
    parser.add_argument("image", type=Path, help="docker save, OCI layout, or tar of a root file system")
    parser.add_argument("--advisories", type=Path, help="JSON of the Debian security tracker")
    parser.add_argument("--release", default="", help="Debian's name of the release; by default the image's own")
    parser.add_argument("--allow", action="append", default=[], help="findings that are known, as a pattern with *")
    given = parser.parse_args(arguments)
    try:
        with opened(given.image) as image:
            tree = merged(image)
            about = list(rules.settings(image.settings, image.history))
        packages = installed_packages("\n\n".join(text for path, text in tree.contents.items() if "dpkg" in path))
        findings = _files(tree, packages, about, given.allow)
        weak = None if given.advisories is None else _weak(tree, packages, given.advisories, given.release)
    except (NoImage, NoAdvisories) as reason:
        print(reason, file=sys.stderr)
        return WRONG
    if weak is None:
        print("No advisories were given: --advisories tracker.json (make audit-image DEBIAN=…)", file=sys.stderr)
        return FINDINGS if findings else UNKNOWN
    return FINDINGS if findings or weak else WELL


def _files(tree: Tree, packages: list[Package], about: list[str], allowed: list[str]) -> int:
    kinds: dict[str, Iterable[str]] = {
        "settings": about,
        "secrets": tree.secrets,
        "other rights": rules.elevated(tree.files),
        "writable by all": rules.writable(tree.files),
        "not root's": rules.foreign(tree.files),
        "build tools": rules.builders(tree.files, packages),
    }
    print(f"{len(tree.files)} files, {len(packages)} packages of Debian")
    total = 0
    for kind, found in kinds.items():
        left = [each for each in found if not any(fnmatch.fnmatch(each, pattern) for pattern in allowed)]
        print(f"{kind}: {len(left)}")
        for each in left:
            print(f"FOUND {each}")
        total += len(left)
    return total


def _weak(tree: Tree, packages: list[Package], advisories: Path, release: str) -> int:
    tracker = read_tracker(advisories)
    release = release or _release(tree)
    if not release:
        raise NoAdvisories("The image does not say which release of Debian it is: name it with --release.")
    if not packages:
        raise NoAdvisories("The image lists no packages of Debian, so Debian's advisories say nothing about it.")
    found = list(weaknesses(packages, tracker, release))
    mended = [each for each in found if each.fixed_in]
    print(f"advisories for {release}: {len(mended)} mended by Debian and not here, {len(found) - len(mended)} open")
    for each in found:
        print(f"{'FOUND' if each.fixed_in else 'open '} {each}")
    return len(mended)


def _release(tree: Tree) -> str:
    for path in ("etc/os-release", "usr/lib/os-release"):
        if found := re.search(r"^VERSION_CODENAME=\"?(\w+)", tree.contents.get(path, ""), re.MULTILINE):
            return found[1]
    return ""


if __name__ == "__main__":
    sys.exit(main())
