"""Whatever is tried in whatever order: no undefined state, no clock that ends before it starts, a history that fits."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.petitions.procedure.acts import perform_action
from services.petitions.procedure.clocks import NO_DUE_DAY, REMINDING, due_day
from services.petitions.procedure.transitions import Action, find_transition, transitions_from
from services.petitions.procedure.values import ActValues
from services.petitions.procedure.words import Notice, Result
from services.petitions.register.registration import Filing, register_petition
from shared.calendar import is_working_day, next_working_day
from shared.database import Database
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.identity import Role
from shared.models.petition_kinds import Category, Channel, ClockKind, LegalRoute
from shared.models.petitions import Clock, Petition, Step
from shared.topology import Service
from tests.fixtures.township import SmallTownship, act_as, build_township

FIRST = date(2026, 3, 2)
ACTORS = (Role.CLERK, Role.LEADER, Role.DISCIPLINE)


@pytest.fixture
def prepared(sqlite_database: str) -> tuple[Path, SmallTownship]:
    """A database file with a township, to be copied for each example."""
    database = Database(sqlite_database, Service.INTAKE)
    with database.transaction() as session:
        township = build_township(session)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    database.dispose()
    return Path(sqlite_database.removeprefix("sqlite:///")), township


@contextmanager
def _copy_of(path: Path) -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        shutil.copyfile(path, copy)
        database = Database(f"sqlite:///{copy}", Service.PETITIONS)
        try:
            yield database
        finally:
            database.dispose()


values = st.builds(
    ActValues,
    reason=st.sampled_from(["", "理由充分。"]),
    body=st.just("县信访局"),
    notice=st.sampled_from([None, Notice.SPOT, Notice.WRITTEN]),
    category=st.sampled_from(list(Category)),
    route=st.sampled_from(list(LegalRoute)),
    due_on=st.just(FIRST + timedelta(days=400)),
    review_opinion=st.just("示例复核〔2026〕1号"),
    days=st.integers(0, 31),
    result=st.sampled_from(list(Result)),
    agreement=st.just("双方同意。"),
    words=st.just("已回访。"),
)


@dataclass(frozen=True)
class Try:
    """An act that somebody tries; with `follows`, the line of the table at that place, by who may do it."""

    follows: bool
    place: int
    action: Action
    role: Role
    values: ActValues
    later: int

    def chosen(self, petition: Petition) -> tuple[Action, Role]:
        lines = transitions_from(petition.state, petition.category)
        if not self.follows or not lines:
            return self.action, self.role
        line = lines[self.place % len(lines)]
        return line.action, next(iter(line.who))


tries = st.lists(
    st.builds(
        Try,
        follows=st.sampled_from([True, True, True, False]),
        place=st.integers(0, 20),
        action=st.sampled_from(list(Action)),
        role=st.sampled_from(ACTORS),
        values=values,
        later=st.integers(-1, 20),
    ),
    max_size=12,
)


@given(
    channel=st.sampled_from([Channel.VISIT, Channel.TRANSFERRED_IN]),
    category=st.sampled_from(list(Category)),
    acts=tries,
)
@settings(max_examples=40, deadline=None)
def _walk(prepared: tuple[Path, SmallTownship], channel: Channel, category: Category, acts: list[Try]) -> None:
    path, township = prepared
    with _copy_of(path) as database, database.transaction() as session:
        filing = Filing(channel, category, "反映示例道路损坏，请求修复。", FIRST)
        number = register_petition(session, act_as(township, Role.CLERK), filing).number
        day = FIRST
        for each in acts:
            day = max(FIRST, day + timedelta(days=each.later))
            action, role = each.chosen(session.scalars(select(Petition)).one())
            try:
                with session.begin_nested():
                    perform_action(session, act_as(township, role), number, action, each.values, on=day)
            except (Conflict, Forbidden, Invalid, NotFound):
                continue
        _check(session.scalars(select(Petition)).one(), session)


def _check(petition: Petition, session: Session) -> None:
    steps = list(session.scalars(select(Step).order_by(Step.id)))
    assert steps[-1].to_state is petition.state
    assert petition.version == len(steps)
    days = [step.happened_on for step in steps]
    assert days == sorted(days)
    for before, step in pairwise(steps):
        assert step.from_state is before.to_state
        assert any(
            (line := find_transition(step.from_state, Action(step.action), category)) and line.to_state is step.to_state
            for category in Category
        )
    clocks = list(session.scalars(select(Clock).order_by(Clock.id)))
    for clock in clocks:
        assert clock.due_on > clock.started_on
        assert clock.due_on_rolled == next_working_day(clock.due_on) >= clock.due_on
        assert is_working_day(clock.due_on_rolled)
        assert clock.satisfied_on is None or clock.satisfied_on >= clock.started_on
        if clock.kind is not ClockKind.LEGAL_ROUTE:
            assert clock.due_on == due_day(clock.kind, clock.started_on) + timedelta(days=clock.extended_days)
    running = [clock.due_on_rolled for clock in clocks if clock.satisfied_on is None and clock.kind in REMINDING]
    assert petition.next_due_on == min(running, default=NO_DUE_DAY)
    assert clocks[0].kind is ClockKind.NOTICE
    assert clocks[0].started_on == petition.received_on


def test_no_order_of_acts_leads_out_of_the_table(prepared: tuple[Path, SmallTownship]) -> None:
    with time_machine.travel("2027-06-01T09:00:00+08:00"):
        _walk(prepared)


@given(start=st.dates(date(2004, 2, 1), date(2026, 9, 30)))
def test_a_clock_never_ends_before_its_start_and_always_on_a_working_day(start: date) -> None:
    for kind in (ClockKind.NOTICE, ClockKind.OBJECTION, ClockKind.HANDLING, ClockKind.REVIEW_WINDOW):
        due = due_day(kind, start)
        assert due > start
        assert is_working_day(next_working_day(due))
        assert next_working_day(due) - due < timedelta(days=15)
