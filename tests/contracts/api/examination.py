"""How an operation is examined: called with examples of its description, and each answer held against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, CheckContext, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.contracts.api.places import text_of
from tests.contracts.api.two_townships import SECOND, SIGN

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
Check = Callable[[CheckContext, Response, Case[Any]], Any]


@dataclass
class Answers:
    """What a role was answered, by status."""

    statuses: dict[int, int] = field(default_factory=dict)

    def count(self, status: int) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1


def examine(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    examples: int,
    known: dict[str, list[Any]],
    send: Callable[[Case[Any]], None],
) -> None:
    """`send` examples of `mode`, the same in each run.

    Most values that name a record name one of `known`. Raises Unsatisfiable where there is no example.
    """

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def drawn(case: Case[Any], data: st.DataObject) -> None:
        case.path_parameters = _named(case.path_parameters, known, data)
        case.query = _named(case.query, known, data)
        case.body = _named(case.body, known, data)
        send(case)

    drawn()


def judge(case: Case[Any], response: Response, answers: Answers, *more: Check) -> None:
    """Count an answer, and hold it against the description, and `more`. Raises what schemathesis finds."""
    answers.count(response.status_code)
    case.validate_response(response, checks=[*CHECKS, *more])


def _named(part: Any, known: dict[str, list[Any]], data: st.DataObject) -> Any:
    """`part` where most values that name a record name one that exists, of either township."""
    if isinstance(part, list):
        return [_named(below, known, data) for below in part]
    if not isinstance(part, dict):
        return part
    named = {}
    for name, value in part.items():
        if known.get(name) and not isinstance(value, dict | list) and data.draw(st.integers(0, 3)):
            named[name] = data.draw(st.sampled_from(known[name]))
        else:
            named[name] = _named(value, known, data)
    return named


def _errors_are_problems(_context: CheckContext, response: Response, _case: Case[Any]) -> None:
    if response.status_code < 400:
        return
    assert response.headers["content-type"] == ["application/problem+json"], response.headers
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["title"]
    assert problem["detail"]


def _nothing_is_of_another_township(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    asked = repr((case.path_parameters, case.query, case.body))
    shown = text_of(response.content)
    assert SIGN not in shown or SIGN in asked, shown
    assert SECOND not in shown or SECOND in asked, shown


CHECKS: list[Check] = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    _errors_are_problems,
    _nothing_is_of_another_township,
]


def words_of(error: BaseException) -> str:
    """An error with its notes, and each of a group."""
    if isinstance(error, BaseExceptionGroup):
        return "\n".join(words_of(each) for each in error.exceptions)
    return f"{error}\n" + "\n".join(getattr(error, "__notes__", []))
