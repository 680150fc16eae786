"""A client's way to the gateway: one logged-in person, each operation under one key, asked again until it is told."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import urllib3
from urllib3.filepost import encode_multipart_formdata

from deploy.demo.logins import PASSWORD
from tests.faults.journal import Journal, Operation, Told

ASK_SECONDS = 20.0
"""How long a client waits for one answer before it asks again under the same key."""
PAUSE_SECONDS = 0.3
_LATER = frozenset({401, 408, 429, 502, 503, 504, 507})
"""Answers that a client takes for 'not now'; a 401 is a token that a skewed clock refused."""
_NO = frozenset({400, 403, 404, 409, 412, 422})


class Gone(Exception):
    """The load is over and nobody has answered; the operation's fate is unknown."""


class DrillSession:
    """Logs in when it must and keeps asking. `over` is set when even unanswered operations are given up."""

    def __init__(self, base: str, username: str, client: str, journal: Journal, over: threading.Event) -> None:
        self._base, self._username, self._client = base, username, client
        self._journal, self._over = journal, over
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(connect=2, read=ASK_SECONDS), retries=False)
        self._cookie = self._csrf = ""

    def log_in(self) -> None:
        """Log in by password. Raises Gone where that does not come about."""
        body = json.dumps({"username": self._username, "password": PASSWORD}).encode()
        while not self._over.is_set():
            answer = self._send("POST", "/api/session", body, {"Content-Type": "application/json"})
            if answer is not None and answer.status == 201:
                self._cookie = "; ".join(each.split(";")[0] for each in answer.headers.getlist("Set-Cookie"))
                self._csrf = str(answer.json()["csrf_token"])
                return
            self._over.wait(PAUSE_SECONDS)
        raise Gone

    def perform(
        self, operation: Operation, path: str, body: dict[str, Any] | None = None, *, photo: bytes | None = None
    ) -> dict[str, Any] | None:
        """Ask until there is a definite answer, and note it; the answer's body where it was a yes."""
        content, kind = json.dumps(body or {}).encode(), "application/json"
        if photo is not None:
            # One boundary for one key: the same operation is the same bytes.
            content, kind = encode_multipart_formdata({"file": ("照片.jpg", photo)}, boundary=operation.key)
        headers = {"Content-Type": kind, "Idempotency-Key": operation.key}
        while not self._over.is_set():
            operation.attempts += 1
            operation.sent_at = time.monotonic()
            answer = self._send("POST", path, content, headers)
            operation.status = answer.status if answer is not None else 0
            if not self._is_definite(answer, operation.act):
                self._over.wait(PAUSE_SECONDS)
                continue
            value: dict[str, Any] = answer.json() if answer is not None else {}
            operation.told = Told.ACKNOWLEDGED if operation.status < 300 else Told.REFUSED
            if operation.told is Told.ACKNOWLEDGED and not operation.subject:
                operation.subject = str(value.get("number") or value.get("id") or value.get("sha256") or "")
            if operation.told is Told.REFUSED:
                operation.facts["refusal"] = str(value.get("detail", ""))[:200]
            self._journal.note(operation)
            return value if operation.told is Told.ACKNOWLEDGED else None
        self._journal.note(operation)
        return None

    def look(self, path: str) -> tuple[float, int, dict[str, Any]]:
        """Read until there is a definite answer: when that attempt was sent, its status and body. Raises Gone."""
        while not self._over.is_set():
            sent_at = time.monotonic()
            answer = self._send("GET", path)
            if answer is not None and self._is_definite(answer, "read"):
                value: dict[str, Any] = answer.json()
                return sent_at, answer.status, value
            self._over.wait(PAUSE_SECONDS)
        raise Gone

    def _is_definite(self, answer: urllib3.BaseHTTPResponse | None, act: str) -> bool:
        """Whether it is a yes or a no. What is neither, nor 'not now', is broken: a bare 500 before all."""
        if answer is None or answer.status in _LATER:
            return False
        if answer.status < 300 or answer.status in _NO:
            return True
        self._journal.note_broken(f"{act}: answered {answer.status}")
        return False

    def _send(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse | None:
        """One attempt; None where no answer came."""
        sent = {"Accept": "application/json", "Cookie": self._cookie, "X-CSRF-Token": self._csrf, **(headers or {})}
        try:
            answer = self._http.request(method, self._base + path, body=body, headers=sent)
        except urllib3.exceptions.HTTPError:
            answer = None
        self._journal.note_answer(self._client, answer.status if answer is not None else 0)
        return answer
