"""A small client of the gateway's API for the demo walk: sessions with their CSRF tokens, polling, plain errors."""

from __future__ import annotations

import json
import ssl
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3 import encode_multipart_formdata

from deploy.demo.logins import PASSWORD
from shared.certificates import CA
from shared.settings import read_settings

_LOOPBACK = ("127.0.0.1", "::1", "localhost")

Json = dict[str, Any]


class WalkFailed(Exception):
    """Raised when something does not add up or is refused; the sentence says what."""


def trust(base: str) -> ssl.SSLContext | None:
    """How HTTPS at `base` is checked; None for HTTP. Known are public CAs and the one of `make certificates`.

    At this machine's own address the certificate may be for the township's names only.
    """
    parts = urlsplit(base)
    if parts.scheme != "https":
        return None
    context = ssl.create_default_context()
    authority = read_settings().certificate_dir / CA
    if authority.exists():
        context.load_verify_locations(authority)
    context.check_hostname = parts.hostname not in _LOOPBACK
    return context


class ApiSession:
    """One logged-in person."""

    def __init__(self, base: str, username: str) -> None:
        self._base = base
        context = trust(base)
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=5, read=90),
            retries=False,
            ssl_context=context,
            assert_hostname=None if context is None or context.check_hostname else False,
        )
        self._cookie = ""
        self._csrf = ""
        self.username = username
        self._log_in()

    def get(self, path: str) -> Json:
        """Read JSON."""
        return self._json("GET", path)

    def post(self, path: str, body: Json | None = None) -> Json:
        """Make or do something, once: each call has its own key."""
        content = json.dumps(body or {}).encode()
        return self._json("POST", path, content, {"Content-Type": "application/json"})

    def upload(self, path: str, name: str, content: bytes, fields: dict[str, str]) -> Json:
        """Send a file in a form."""
        body, kind = encode_multipart_formdata({**fields, "file": (name, content)})
        return self._json("POST", path, body, {"Content-Type": kind})

    def poll(self, path: str, is_over: Callable[[Json], bool], show: Callable[[Json], None], seconds: float) -> Json:
        """Read again and again until `is_over`. Raises WalkFailed after `seconds`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = self.get(path)
            show(answer)
            if is_over(answer):
                return answer
            time.sleep(0.3)
        raise WalkFailed(f"{path} 在 {seconds:.0f} 秒内没有完成。It did not end in time.")

    def _log_in(self) -> None:
        body = json.dumps({"username": self.username, "password": PASSWORD}).encode()
        answer = self._json("POST", "/api/session", body, {"Content-Type": "application/json"})
        self._csrf = str(answer["csrf_token"])

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """The bare answer, whatever its status. Raises WalkFailed where there is none."""
        sent = {"Accept": "application/json", "Cookie": self._cookie, "X-CSRF-Token": self._csrf, **(headers or {})}
        if method == "POST":
            sent.setdefault("Idempotency-Key", uuid.uuid4().hex)
        try:
            return self._http.request(method, self._base + path, body=body, headers=sent)
        except urllib3.exceptions.HTTPError as error:
            raise WalkFailed(f"{self._base} 没有回答：{error}。No answer.") from error

    def _json(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Json:
        answer = self.send(method, path, body, headers)
        cookies = answer.headers.getlist("Set-Cookie")
        if cookies:
            self._cookie = "; ".join(cookie.split(";")[0] for cookie in cookies)
        value: Json = json.loads(answer.data) if answer.data else {}
        if answer.status >= 400:
            raise WalkFailed(f"{method} {path}：{answer.status} {value.get('detail', '')} {value.get('errors', '')}")
        return value
