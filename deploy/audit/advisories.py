"""Advisories in a folder or an archive, in the form of the Open Source Vulnerability schema, and who may ask them.

pip-audit asks over HTTP. Where the network ends at the township's wall, a copy of the advisories is carried in: this
answers pip-audit's questions from it, on this machine and nowhere else.
"""

from __future__ import annotations

import json
import threading
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

Advisory = dict[str, Any]
_ECOSYSTEM = "PyPI"


class NoAdvisories(Exception):
    """Raised with one sentence where the folder or archive that was named holds none."""


class Advisories:
    """Advisories on Python packages by package name."""

    def __init__(self, advisories: Iterator[Advisory]) -> None:
        self._by_name: dict[str, list[Advisory]] = defaultdict(list)
        self.newest = ""
        """The time of the last change to any of them, as it is written there."""
        for advisory in advisories:
            for name in {name for name, _ in _affected(advisory)}:
                self._by_name[name].append(advisory)
            self.newest = max(self.newest, str(advisory.get("modified", "")))
        self.count = len({str(each.get("id")) for several in self._by_name.values() for each in several})

    def on(self, name: str, version: str) -> list[Advisory]:
        """Those that speak of this version of a package and were not withdrawn."""
        wanted = canonicalize_name(name)
        return [
            advisory
            for advisory in self._by_name.get(wanted, [])
            if not advisory.get("withdrawn")
            and any(named == wanted and _covers(affected, version) for named, affected in _affected(advisory))
        ]


def read_advisories(source: Path) -> Advisories:
    """Read every JSON file under a folder, or in a zip archive (or in archives in the folder)."""
    found = Advisories(_documents(source))
    if not found.count:
        raise NoAdvisories(
            f"{source} holds no advisory on a Python package: a folder or zip of OSV JSON files is expected."
        )
    return found


def _documents(source: Path) -> Iterator[Advisory]:
    if not source.exists():
        raise NoAdvisories(f"{source} does not exist.")
    for path in [source] if source.is_file() else sorted(source.rglob("*")):
        try:
            if path.suffix == ".zip":
                with zipfile.ZipFile(path) as archive:
                    for name in archive.namelist():
                        if name.endswith(".json"):
                            yield _advisory(json.loads(archive.read(name)))
            elif path.suffix == ".json" and path.is_file():
                yield _advisory(json.loads(path.read_bytes()))
        except (ValueError, zipfile.BadZipFile) as error:
            raise NoAdvisories(f"{path} can't be read: {error}.") from error


def _advisory(document: Any) -> Advisory:
    """Any other JSON file counts as an advisory on nothing."""
    return document if isinstance(document, dict) else {}


def _affected(advisory: Advisory) -> Iterator[tuple[str, Advisory]]:
    for affected in advisory.get("affected") or []:
        package = affected.get("package") or {}
        if package.get("ecosystem") == _ECOSYSTEM:
            yield canonicalize_name(str(package.get("name", ""))), affected


def _covers(affected: Advisory, version: str) -> bool:
    if version in (affected.get("versions") or []):
        return True
    return any(
        _in_range(each.get("events") or [], version)
        for each in affected.get("ranges") or []
        if each.get("type") == "ECOSYSTEM"
    )


def _in_range(events: list[dict[str, str]], version: str) -> bool:
    """Whether the last event up to this version leaves it affected (the schema's own rule)."""
    asked = Version(version)
    inside = False
    for kind, at in sorted(
        ((kind, _version(at)) for event in events for kind, at in event.items()), key=lambda each: each[1]
    ):
        if kind == "introduced" and asked >= at:
            inside = True
        elif (kind == "fixed" and asked >= at) or (kind == "last_affected" and asked > at):
            inside = False
    return inside


def _version(words: str) -> Version:
    try:
        return Version(words)
    except InvalidVersion:
        # "0" is the beginning; what can't be compared counts as the beginning too, so that it is rather told.
        return Version("0")


@contextmanager
def answering(advisories: Advisories) -> Iterator[str]:
    """Answer OSV's `POST /v1/query` on a free port of this machine; yields the address."""

    class Answer(BaseHTTPRequestHandler):
        # One connection for all questions, and an answer in one piece: otherwise each waits for an acknowledgement.
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found = advisories.on(asked["package"]["name"], asked["version"])
            body = json.dumps({"vulns": [_as_locked_name(each) for each in found]} if found else {}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: Any) -> None:
            """Requests of our own are not worth a line."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _as_locked_name(advisory: Advisory) -> Advisory:
    """pip-audit finds the mended versions only under the name as an index compares it."""
    affected = [
        {**each, "package": {**each["package"], "name": canonicalize_name(str(each["package"].get("name", "")))}}
        if "package" in each
        else each
        for each in advisory["affected"]
        if "package" in each
    ]
    return {**advisory, "affected": affected}
