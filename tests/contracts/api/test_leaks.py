"""The examination itself examined: an answer with another village's row in it does not pass."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask import Flask, jsonify
from hypothesis.errors import HypothesisException
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from tests.contracts.api.callers import Caller, nothing_is_of_another_village
from tests.contracts.api.examination import Answers, examine, judge, words_of
from tests.contracts.api.places import ELSEWHERE, Places, Reach

pytestmark = pytest.mark.slow

OWN, OTHER = 1, 2
PLACES = Places(
    {"1": OWN, "431299001201": OWN, "上寨村": OWN, "2": OTHER, "431299001202": OTHER, "下寨村": OTHER},
    {10: OWN, 11: OWN, 20: OTHER},
    {100: OWN, 200: OTHER},
)
CADRE = Reach(frozenset({OWN}))
RESIDENT = Reach(frozenset({OWN}), household=10)
GOOD: dict[str, Any] = {
    "items": [{"village": "431299001201", "household": "10"}, {"village": "上寨村", "group_id": 100}],
    "villages": ["431299001201"],
}
LEAKS: dict[str, Any] = {
    "a code": {"items": [{"village": "431299001201"}, {"village_code": "431299001202"}]},
    "a name": {"village": "下寨村"},
    "an id": {"village_id": "2"},
    "one of several": {"villages": ["431299001201", "431299001202"]},
    "one below others": {"villages": [{"lines": [{"village_name": "下寨村"}]}]},
    "a household": {"items": [{"household_id": "20"}]},
    "a group": {"grid_id": 200},
    "a place that nobody knows": {"village": "无此村"},
    "a household that nobody knows": {"household": "77"},
    "what belongs to no village": {"items": [{"village": ""}]},
}


@pytest.mark.parametrize("kind", LEAKS)
def test_whatever_names_another_village_is_seen(kind: str) -> None:
    assert PLACES.foreign_in(LEAKS[kind], CADRE)
    assert not PLACES.foreign_in(LEAKS[kind], Reach(None))


def test_what_is_of_the_own_village_passes() -> None:
    assert PLACES.foreign_in(GOOD, CADRE) == []
    assert (
        PLACES.foreign_in({"households": 12, "household": "石大山", "village": {"code": "431299001201"}}, CADRE) == []
    )


def test_a_neighbours_household_is_nothing_for_a_resident() -> None:
    assert PLACES.foreign_in({"household": "10"}, RESIDENT) == []
    assert PLACES.foreign_in({"household": "11"}, RESIDENT) == ["household '11'"]
    assert PLACES.foreign_in({"household": "11"}, CADRE) == []


def test_only_where_it_is_expected_something_may_belong_to_no_village() -> None:
    office = {"items": [{"village": None}, {"village": "431299001201"}]}
    assert PLACES.foreign_in(office, CADRE, township_wide=True) == []
    assert PLACES.foreign_in({"village": "下寨村"}, CADRE, township_wide=True)


@pytest.mark.parametrize(
    ("answer", "passes"),
    [
        ({"village": "上寨村", "name": "石大山"}, True),
        ({"village": "下寨村", "name": "石大山"}, False),
        ({"village": "上寨村", "name": f"{ELSEWHERE}石大山"}, False),
    ],
)
def test_an_answer_that_leaks_fails_its_examination(answer: dict[str, str], passes: bool) -> None:
    caller = Caller("", None, reach=CADRE)
    check = nothing_is_of_another_village(caller, PLACES)
    found = next(iter(schemathesis.openapi.from_wsgi("/openapi.json", service(answer)).get_all_operations()))
    assert isinstance(found, Ok)

    def send(case: Case[Any]) -> None:
        judge(case, case.call(), Answers(), check)

    said = ""
    try:
        examine(found.ok(), GenerationMode.POSITIVE, 1, {}, send)
    except HypothesisException:
        raise
    except (Exception, BaseExceptionGroup) as error:
        said = words_of(error)
    assert ("is told" in said) is not passes, said


def service(answer: dict[str, str]) -> Flask:
    """A service with one operation for cadres, which answers `answer`."""
    app = Flask(__name__)
    described = {"type": "object", "properties": {"village": {"type": "string"}, "name": {"type": "string"}}}
    content = {"application/json": {"schema": described}}
    answers = {"200": {"description": "", "content": content}}
    paths = {"/record": {"get": {"x-roles": ["cadre"], "responses": answers}}}
    app.add_url_rule("/record", "record", lambda: jsonify(answer))
    document = {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": paths}
    app.add_url_rule("/openapi.json", "document", lambda: jsonify(document))
    return app
