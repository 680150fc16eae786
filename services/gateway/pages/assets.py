"""Files of the design under addresses that carry their content's hash, so that browsers may keep them for a year."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, url_for
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from services.gateway.files import answer_file
from shared.web.access import unguarded

STATIC_DIR = Path(__file__).parents[1] / "static"
_YEAR = 365 * 24 * 3600

blueprint = Blueprint("assets", __name__)


def tree_digest(folder: Path) -> str:
    """One digest over names and contents of all files: modules import each other relatively, so all share it."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


@lru_cache(maxsize=1)
def current_digest() -> str:
    """The digest of this process's files, read once: a deployment never changes them while running."""
    return tree_digest(STATIC_DIR)


@blueprint.get("/assets/<digest>/<path:name>")
@unguarded
def serve(digest: str, name: str) -> Response:
    """A file of the design. An address of an older release still answers, but is not kept."""
    path = safe_join(str(STATIC_DIR), name)
    if path is None or not Path(path).is_file():
        raise NotFound
    response = answer_file(Path(path))
    if digest == current_digest():
        response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    else:
        response.headers["Cache-Control"] = "no-cache"
    return response


def asset(name: str) -> str:
    """The address of a file in `services/gateway/static`."""
    return url_for("assets.serve", digest=current_digest(), name=name)
