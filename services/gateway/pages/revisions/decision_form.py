"""What a village has decided, between its form and the API: by a resolution, on trial, or as a 更正."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import GENERAL
from services.gateway.pages.wording import _
from services.gateway.pages.words import quarter_words
from shared.calendar import today
from shared.quarters import first_day, format_quarter, parse_quarter, quarter_of

DECIDED, TRIAL, CORRECTION = "decided", "trial", "correction"
_AHEAD, _BACK = 4, 8
_CONFLICT = 409

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scan:
    """The stored scan of a resolution: it survives a form that is given back."""

    sha256: str = ""
    name: str = ""


def how_options() -> list[tuple[str, str, str]]:
    """The three ways of adopting."""
    return [
        (DECIDED, _("村里已经决议"), _("按四议两公开通过，写决议的编号和日期")),
        (TRIAL, _("先试行"), _("还没有决议，最多试行两个季度，公示榜上会标明")),
        (CORRECTION, _("更正录入错误"), _("通过的文本没错，是录错了；从过去的季度改起")),
    ]


def quarter_options() -> dict[str, list[tuple[str, str]]]:
    """From which quarters on: this and later ones, and for a 更正 this and earlier ones."""
    now = quarter_of(today())
    later, earlier = range(now, now + _AHEAD + 1), range(now, now - _BACK - 1, -1)
    return {
        "later": [(format_quarter(each), quarter_words(format_quarter(each))) for each in later],
        "earlier": [(format_quarter(each), quarter_words(format_quarter(each))) for each in earlier],
    }


def decision_of(form: Values, lines: Sequence[str], scan: Scan) -> dict[str, Any]:
    """The decision as the API takes it; what the chosen way has no use for is left out."""
    how = form.get("how", "")
    quarter = form.get("correct_from" if how == CORRECTION else "from_quarter", "")
    body: dict[str, Any] = {"village": form.get("village", ""), "effective_from": _first_day(quarter)}
    if how == TRIAL:
        body["trial_quarters"] = 1 if form.get("trial_quarters") == "1" else 2
        return body
    body["matter"] = {"number": form.get("number", "").strip(), "decided_on": form.get("decided_on", "")}
    if scan.sha256:
        body["matter"]["scan"] = scan.sha256
    if how == CORRECTION:
        body["correction"] = {"lines": list(lines), "reason": form.get("reason", "").strip()}
    return body


def faults_of(form: Values) -> dict[str, list[str]]:
    """What can't be sent at all."""
    if form.get("how", "") not in {option[0] for option in how_options()}:
        return {"how": [_("请选怎样采用。")]}
    if not form.get("village"):
        return {"village": [_("请选哪个村采用。")]}
    return {}


def errors_of_decision(problem: ServiceProblem, form: Values) -> dict[str, list[str]]:
    """Sentences by form field; a refusal as a whole (the lint, a newer revision) stands above the form."""
    if problem.status == _CONFLICT or not problem.errors:
        return {GENERAL: [problem.detail]}
    names = {
        "effective_from": "correct_from" if form.get("how") == CORRECTION else "from_quarter",
        "matter": "number",
        "matter.number": "number",
        "matter.decided_on": "decided_on",
        "matter.scan": "file",
        "correction.lines": "lines",
        "correction.reason": "reason",
        "trial_quarters": "trial_quarters",
        "village": "village",
        "file": "file",
    }
    found: dict[str, list[str]] = {}
    for path, sentences in problem.errors.items():
        name = "lines" if path.startswith("correction.lines") else names.get(path, GENERAL)
        found.setdefault(name, []).extend(sentences)
    return found


def _first_day(quarter: str) -> str:
    """The first day of the chosen quarter; what is none goes as it is, for the service to say so."""
    try:
        return first_day(parse_quarter(quarter)).isoformat()
    except ValueError:
        return quarter
