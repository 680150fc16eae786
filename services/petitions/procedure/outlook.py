"""What may follow for a person: the lines of the table from where a petition stands, with what each asks for."""

from __future__ import annotations

from dataclasses import dataclass

from services.petitions.procedure.transitions import Action, Need, Transition, transitions_from
from services.petitions.procedure.words import (
    ACTIONS,
    CATEGORIES,
    CLOCKS,
    NEEDS,
    NOTICES,
    RESULTS,
    ROUTES,
    STATES,
)
from shared.identity import Principal
from shared.models.petition_kinds import Category, Channel, Grade, LegalRoute, State
from shared.models.petitions import Petition


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values of a field."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """A value that an act asks for; with `choices`, one of them."""

    name: str
    text: str
    kind: str
    """`text`, `line`, `choice`, `date`, `days` or `number` (of a petition)."""
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Possible:
    """A line of the table as a page draws it; `allowed` says whether this person may do it."""

    action: Action
    action_text: str
    to_state: State
    to_state_text: str
    fields: tuple[Field, ...]
    starts: tuple[str, ...]
    stops: tuple[str, ...]
    allowed: bool


_KINDS = {Need.REASON: "text", Need.AGREEMENT: "text", Need.WORDS: "text", Need.DUE_ON: "date", Need.DAYS: "days"}
_CHOICES: dict[Need, tuple[Choice, ...]] = {
    Need.NOTICE: tuple(Choice(value.value, text) for value, text in NOTICES.items()),
    Need.RESULT: tuple(Choice(value.value, text) for value, text in RESULTS.items()),
    Need.CATEGORY: tuple(
        Choice(value.value, text) for value, text in CATEGORIES.items() if value is not Category.ACCUSATION
    ),
    Need.ROUTE: tuple(Choice(value.value, text) for value, text in ROUTES.items() if value is not LegalRoute.OPINION),
}


def outlook_of(actor: Principal, petition: Petition, grade: Grade | None) -> list[Possible]:
    """What may follow, in the order of the table. What would be refused for this petition's own sake is left out."""
    return [
        _possible(actor, line)
        for line in transitions_from(petition.state, petition.category)
        if _makes_sense(line, petition, grade)
    ]


def _makes_sense(line: Transition, petition: Petition, grade: Grade | None) -> bool:
    if line.action is Action.OBJECT:
        return petition.channel is Channel.TRANSFERRED_IN
    if line.action is Action.REVISIT:
        return grade is Grade.DISSATISFIED
    return True


def _possible(actor: Principal, line: Transition) -> Possible:
    return Possible(
        action=line.action,
        action_text=ACTIONS[line.action],
        to_state=line.to_state,
        to_state_text=STATES[line.to_state],
        fields=tuple(field for need in line.needs for field in _fields(need)),
        starts=tuple(CLOCKS[kind] for kind in line.starts),
        stops=tuple(CLOCKS[kind] for kind in line.stops),
        allowed=actor.covers_township(*line.who),
    )


def _fields(need: Need) -> list[Field]:
    kind = "choice" if need in _CHOICES else "number" if need is Need.MERGED_INTO else _KINDS.get(need, "line")
    fields = [Field(need.value, NEEDS[need], kind, _CHOICES.get(need, ()))]
    if need is Need.NOTICE:
        fields.append(Field("notice_reason", "无法告知的原因（选“无法告知”时填写）", "line"))
    return fields
