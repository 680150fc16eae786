"""A service's refusal, as it said it: the page shows the same words."""

from __future__ import annotations

from typing import Any


class ServiceProblem(Exception):
    """Raised when a service answers with a problem, or not at all.

    `body` is RFC 9457's: `type`, `title`, `status`, `detail`, `errors`, and `number` for people.
    """

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__(f"{body.get('status')} {body.get('detail', '')}")
        self.body = body

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self.body.get("status", 502))

    @property
    def kind(self) -> str:
        """The last part of the problem's type: `not-found`, `stale`, …"""
        return str(self.body.get("type", "")).rpartition(":")[2]

    @property
    def title(self) -> str:
        """What kind of problem it is, in Chinese."""
        return str(self.body.get("title", ""))

    @property
    def detail(self) -> str:
        """What happened and what to do, in Chinese."""
        return str(self.body.get("detail", ""))

    @property
    def errors(self) -> dict[str, list[str]]:
        """Sentences by dotted field path."""
        return dict(self.body.get("errors", {}))
