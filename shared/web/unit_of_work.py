"""One transaction per request: opened when it is first asked for, committed after the view and before the answer."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self, TypeVar, cast

from flask import current_app, g, has_request_context, request
from sqlalchemy.orm import Session

from shared.database import Database
from shared.request_context import current_request_id

View = TypeVar("View")
_WRITES = "writes"


class RequestUnit:
    """The request's transaction. Leaving the block without `keep()` rolls back."""

    def __init__(self, database: Database, *, write: bool) -> None:
        self.database = database
        self.write = write
        self.session: Session | None = None

    def open(self) -> Session:
        """The session, begun at the first call, so that a request without database work takes no lock."""
        if self.session is None:
            self.session = self.database.open_session(write=self.write)
            self.session.info["request_id"] = current_request_id()
        return self.session

    def keep(self) -> None:
        """Commit what was done. The answer goes out only after this has succeeded."""
        if self.session is not None:
            self.session.commit()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Roll back what was not kept, and give the connection back."""
        if self.session is not None:
            self.session.close()


def current_session() -> Session:
    """The session of this request's transaction. GET and HEAD get a reading one, unless the view is `@writing`."""
    return request_unit().open()


def request_unit() -> RequestUnit:
    """The unit of this request. An error page that reads after its end opens it anew; `close_unit` closes that too."""
    if "unit_of_work" not in g:
        database = cast(Any, current_app).database
        g.unit_of_work = RequestUnit(database, write=wants_to_write())
    return cast(RequestUnit, g.unit_of_work)


def close_unit(_error: BaseException | None = None) -> None:
    """Give the connection back at the very end of the request, whatever has happened."""
    if "unit_of_work" in g:
        request_unit().close()


def holds_write_transaction() -> bool:
    """Whether this request holds a write transaction now: then nobody may wait for a network."""
    if not has_request_context() or "unit_of_work" not in g:
        return False
    unit = cast(RequestUnit, g.unit_of_work)
    return unit.write and unit.session is not None and unit.session.in_transaction()


def writing(view: View) -> View:
    """Mark a view whose transaction writes although its method or its application says otherwise.

    For a GET that records that something was opened, and for the gateway's own acts. Any place in the decorators.
    """
    setattr(view, _WRITES, True)
    return view


def wants_to_write() -> bool:
    """Whether this request's transaction writes: by the view's mark, else by method where the application says so."""
    view: Any = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, _WRITES, False):
        return True
    return bool(current_app.config["WRITES_BY_METHOD"]) and request.method not in {"GET", "HEAD", "OPTIONS"}
