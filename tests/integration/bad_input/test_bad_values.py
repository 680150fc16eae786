"""Values that nobody can mean, in JSON and in addresses: each a problem that names the field and how to mend it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.topology import Service
from tests.fixtures.township import SmallTownship, build_township
from tests.integration.bad_input.conftest import System, assert_problem

DEEP = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
NO_BODIES: list[tuple[bytes, int, str]] = [
    (b"{", 400, "无法识别"),
    (b'{"a": NaN, "b": 1e400}', 422, "没有这一项"),
    (b"\xff\xfe{}", 400, "无法识别"),
    (b'{"a": "\\ud800"}', 400, "无法保存的字符"),
    (b'{"a": "x\\u0000"}', 400, "无法保存的字符"),
    (b'{"a": ' + b"9" * 5000 + b"}", 400, "无法识别的数字"),
    (DEEP, 400, "层数太多"),
]
"""What is no object of known fields: body, status, words."""

HUGE = 2**63
TOO_LONG = "长" * 401
WRONG_AMOUNTS: list[Any] = ["1.234", "1e400", "NaN", "Infinity", "", "１e5", "12345678", "一次", 1, 1.5, True, [], {}]
WRONG_IDS: list[Any] = ["abc", "1 OR 1=1", "", [1], {}, "0x10", 1.5, "1e3", None, True, "1_0", "１"]
WRONG_DAYS: list[Any] = ["2026-02-30", "2026-13-01", "20260520x", "昨天", 20260520, None, [], "0000-00-00", "9" * 300]
WRONG_TEXTS: list[Any] = [5, None, [], {}, True]

Case = tuple[dict[str, Any], int, str, str]
"""What is changed in a body that would be taken; the status, the field that is named, words that say how to mend it."""


def event_cases(system: System, elsewhere: SmallTownship) -> Iterator[Case]:
    _own, other = system.house.township.villages
    yield from (({"household": value}, 422, "household", "") for value in WRONG_IDS)
    yield from (({"household": value}, 422, "household", "从列表里重新选") for value in (HUGE, -HUGE, 0, -1, 10**40))
    yield {"household": other.households[0]}, 403, "", "不在您负责的村"
    yield {"household": elsewhere.villages[0].households[0]}, 404, "", "没有这一户"
    yield from (({"quantity": value}, 422, "quantity", "两位小数") for value in WRONG_AMOUNTS)
    yield {"quantity": "0"}, 422, "quantity", "大于 0"
    yield {"quantity": "-1"}, 422, "quantity", "大于 0"
    yield {"quantity": "100.01"}, 422, "quantity", "一次最多登记 100.00"
    yield {"quantity": "9999999.99"}, 422, "quantity", "一次最多登记 100.00"
    yield from (({"occurred_on": value}, 422, "occurred_on", "") for value in WRONG_DAYS)
    yield {"occurred_on": "2025-05-20"}, 422, "occurred_on", "积分细则"
    yield {"occurred_on": "2199-01-01"}, 422, "occurred_on", "不能晚于今天"
    yield {"occurred_on": "0001-01-01"}, 422, "occurred_on", "不在册"
    yield from (({"rule": value}, 422, "rule", "") for value in (*WRONG_TEXTS, "", "长" * 21))
    yield {"rule": "NOPE"}, 422, "rule", "没有“NOPE”这一条"
    yield from (({"note": value}, 422, "note", "") for value in (*WRONG_TEXTS, TOO_LONG))
    yield {"note": "x\0"}, 400, "", "无法保存的字符"
    yield {"note": "\ud83d"}, 400, "", "无法保存的字符"
    yield {"evidence_file": "ab" * 32}, 422, "evidence_file", ""
    yield {"points": "100.00"}, 422, "points", "没有这一项"


def test_wrong_values_of_an_event_name_the_field_and_write_nothing(system: System) -> None:
    with system.database_for(Service.INTAKE).transaction() as session:
        elsewhere = build_township(session, "431288007", "邻乡")
    cadre = system.log_in("cadre1")
    good = {
        "household": str(system.house.township.villages[0].households[1]),
        "rule": "CLEAN",
        "occurred_on": "2026-05-20",
    }
    before = system.contents()
    for path, wrap in (("/api/points/events", _alone), ("/api/points/events/batch", _among)):
        for number, (change, status, field, words) in enumerate(event_cases(system, elsewhere)):
            answer = _send(cadre, "POST", path, wrap(good, {**good, **change}), f"a wrong event {number}")
            among = wrap is _among and status in {403, 404}
            _assert_named(answer, 422 if among else status, "rows.2" if among else field, words, change)
    assert system.contents() == before
    assert _send(cadre, "POST", "/api/points/events", good, "and a right one").status_code == 201


def _alone(_good: dict[str, Any], bad: dict[str, Any]) -> dict[str, Any]:
    return bad


def _among(good: dict[str, Any], bad: dict[str, Any]) -> dict[str, Any]:
    """The wrong one behind good ones: all or none."""
    return {"rows": [good, {**good, "occurred_on": "2026-05-21"}, bad]}


def test_wrong_values_of_goods_people_and_runs_name_the_field_and_write_nothing(system: System) -> None:
    village, other = system.house.township.villages
    item = {"village": village.code, "code": "PAN", "name": "脸盆", "unit": "个", "points": "2.00"}
    household = {
        "village": village.code,
        "group_id": village.groups[0],
        "residents": [{"name": "石小满", "relation": "户主"}],
    }
    run: dict[str, Any] = {"mode": "preview", "quarters": ["2026Q1"]}
    demand = {"village": village.code, "category": "water", "text": "晚上没有水。", "reporter_name": "石小满"}
    petition = {
        "channel": "visit",
        "category": "claim",
        "text": "请求重新丈量。",
        "received_on": "2026-05-20",
        "complains_of_official": False,
    }
    cases: list[tuple[str, str, dict[str, Any], list[Case]]] = [
        ("keeper", "/api/points/items", item, [
            *(({"points": value}, 422, "points", "两位小数") for value in WRONG_AMOUNTS),
            ({"points": "-1"}, 422, "points", ""),
            ({"village": other.code}, 403, "", ""),
            ({"village": "431288007001"}, 404, "", ""),
            ({"code": "a b"}, 422, "code", ""),
            ({"code": "PAN\n"}, 422, "code", ""),
            ({"name": ""}, 422, "name", "1 到 60 个字"),
            ({"cost_fen": 1.5}, 422, "cost_fen", "整数"),
            ({"cost_fen": -1}, 422, "cost_fen", "0"),
            ({"limit_quantity": 0}, 422, "limit_quantity", "1"),
            ({"limit_period": "century"}, 422, "limit_period", "只能是"),
            ({"on_offer": "perhaps"}, 422, "on_offer", "“是”或“否”"),
        ]),
        ("admin", "/api/intake/households", household, [
            *(({"group_id": value}, 422, "group_id", "") for value in WRONG_IDS),
            ({"group_id": other.groups[0]}, 422, "", ""),
            ({"group_id": HUGE}, 422, "group_id", "重新选"),
            ({"village": "431288007001"}, 404, "", "村"),
            ({"number": 0}, 422, "number", "1"),
            ({"residents": []}, 422, "residents", "1 到 40 人"),
            ({"residents": "石小满"}, 422, "residents", "一列"),
            ({"residents": [{"name": "石小满"}]}, 422, "residents.0.relation", "必须填写"),
            ({"residents": [{"name": "石", "relation": "户主", "identity_number": "431299196003151018"}]}, 422, "", ""),
            ({"residents": [{"name": "石", "relation": "户主", "identity_number": 431299196003151017}]}, 422,
             "residents.0.identity_number", "文字"),
            ({"residents": [{"name": "石", "relation": "户主", "birth_year": 1e400}]}, 422,
             "residents.0.birth_year", ""),
        ]),
        ("admin", "/api/points/recalculations", run, [
            ({"mode": "destroy"}, 422, "mode", "只能是"),
            ({"quarters": ["2026Q5"]}, 422, "quarters.0", "2026Q3"),
            ({"quarters": ["9999999999Q1"]}, 422, "quarters.0", "2026Q3"),
            ({"quarters": "2026Q1"}, 422, "quarters", "一列"),
            ({"villages": ["431288007001"]}, 404, "", ""),
            ({"revision": 99}, 404, "", ""),
            ({"revision": HUGE}, 422, "revision", "1000000"),
            ({"revision": "abc"}, 422, "revision", "整数"),
        ]),
        ("admin", "/api/intake/demands", demand, [
            ({"category": "nope"}, 422, "category", ""),
            ({"village": "431288007001"}, 404, "", ""),
            ({"household_id": HUGE}, 422, "household_id", "重新选"),
            ({"text": ""}, 422, "text", ""),
            ({"text": "长" * 20_001}, 422, "text", "最多"),
            ({"phone": "12345"}, 422, "phone", ""),
            ({"channel": "pigeon"}, 422, "channel", "只能是"),
        ]),
        ("clerk", "/api/petitions/petitions", petition, [
            ({"received_on": "2199-01-01"}, 422, "received_on", ""),
            ({"received_on": "2026-02-30"}, 422, "received_on", "日期的格式"),
            ({"channel": 5}, 422, "channel", ""),
            ({"category": "nope"}, 422, "category", "只能是"),
            ({"text": ""}, 422, "text", ""),
            ({"village": "431288007001"}, 404, "", ""),
            ({"representatives": [{"name": "石"}] * 6}, 422, "representatives", "5"),
            ({"complains_of_official": "perhaps"}, 422, "complains_of_official", "“是”或“否”"),
        ]),
    ]  # fmt: skip
    clients = {name: system.log_in(name) for name in ("admin", "keeper", "clerk")}
    before = system.contents()
    for username, path, good, changes in cases:
        for number, (change, status, field, words) in enumerate(changes):
            answer = _send(clients[username], "POST", path, {**good, **change}, f"a wrong value {number}")
            _assert_named(answer, status, field, words, change)
    assert system.contents() == before
    for username, path, good, _ in cases:
        assert _send(clients[username], "POST", path, good, "and a right one").status_code in {201, 202}


# Bodies are read before any database is asked.
@pytest.mark.slow
@pytest.mark.parametrize("any_database", ["sqlite"], indirect=True)
def test_bodies_that_are_none_are_refused_by_every_operation_that_reads_one(system: System) -> None:
    clients = {name: system.log_in(name) for name in ("admin", "cadre1", "keeper", "clerk")}
    before, refused = system.contents(), 0
    for name, operation in system.operations().items():
        if "application/json" not in operation.get("requestBody", {}).get("content", {}):
            continue
        username = next((each for each in clients if each.rstrip("1") in operation["x-roles"]), "admin")
        method, path = name.split(" ")
        place = _anywhere(path, operation)
        for number, (body, status, words) in enumerate(NO_BODIES):
            answer = _send(clients[username], method, place, body, f"no body {number} of it")
            if answer.status_code in {403, 404}:
                continue
            refused += 1
            assert answer.status_code in {status, 422}, (name, body[:40], answer.text)
            problem = assert_problem(answer, answer.status_code)
            if answer.status_code == status:
                assert words in problem["detail"] + str(problem.get("errors", "")), (name, body[:40], answer.text)
        for body in (b"[]", b"null"):
            answer = _send(clients[username], method, place, body, "no object at all")
            assert 400 <= answer.status_code < 500, (name, body, answer.text)
            assert_problem(answer, answer.status_code)
    assert refused > 300
    assert system.contents() == before


@pytest.mark.slow
def test_ids_and_cursors_that_are_none_are_problems_on_every_list_and_record(system: System) -> None:
    clients = {name: system.log_in(name) for name in ("admin", "cadre1", "keeper", "clerk")}
    for name, operation in system.operations().items():
        method, path = name.split(" ")
        if method != "GET" or path.endswith((".xlsx", "openapi.json")):
            continue
        username = next((each for each in clients if each.rstrip("1") in operation["x-roles"]), "admin")
        if "{" in path:
            for value in ("-1", str(2**63), "abc", "%00", "%FF"):
                place = _anywhere(path, operation, value)
                answer = clients[username].get(place)
                assert answer.status_code < 500, (place, answer.text)
                if answer.status_code >= 400:
                    assert_problem(answer, answer.status_code)
        if any(parameter.get("name") == "cursor" for parameter in operation.get("parameters", [])):
            for cursor in ("x", "bnVsbA", "WzFd", "A" * 401, "WzFlNDAwXQ"):
                query = _required(operation) | {"cursor": cursor, "limit": "5"}
                answer = clients[username].get(_anywhere(path, operation), query_string=query)
                assert answer.status_code < 500, (path, cursor, answer.text)
                if answer.status_code >= 400:
                    assert_problem(answer, answer.status_code)
            for limit in ("0", "201", "abc"):
                answer = clients[username].get(
                    _anywhere(path, operation), query_string=_required(operation) | {"limit": limit}
                )
                assert answer.status_code in {403, 404, 422}, (path, limit, answer.text)


def _send(client: FlaskClient, method: str, path: str, body: Any, key: str) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Idempotency-Key": key, "If-Match": '"v1"'}
    return client.open(path, method=method, data=data, content_type="application/json", headers=headers)


def _assert_named(answer: Any, status: int, field: str, words: str, change: dict[str, Any]) -> None:
    assert answer.status_code == status, (change, answer.text)
    problem = assert_problem(answer, status)
    if field:
        named = [name for name in problem.get("errors", {}) if name == field or name.endswith(f".{field}")]
        assert named, (change, problem)
    assert words in problem["detail"] + str(problem.get("errors", "")), (change, problem)


def _anywhere(path: str, operation: dict[str, Any], value: str = "1") -> str:
    """`path` with `value` wherever it names something."""
    head, *parts = path.split("{")
    return head + "".join(value + part.partition("}")[2] for part in parts)


def _required(operation: dict[str, Any]) -> dict[str, str]:
    """What a list can't be asked without."""
    return {
        parameter["name"]: "431299001001"
        for parameter in operation.get("parameters", [])
        if parameter.get("in") == "query" and parameter.get("required")
    }
