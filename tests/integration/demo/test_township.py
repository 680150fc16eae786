"""The demo township holds the published figures, and nobody and nothing real."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from deploy.demo.names import DENIED
from shared.database import Database
from shared.models.intake import Demand
from shared.models.intake_kinds import DemandState
from shared.models.petition_kinds import Grade, State
from shared.models.petitions import Evaluation, Petition
from shared.models.points import BoardEdition, Event, Item, Posting, PostingKind, RuleCode, VillageLedger
from shared.models.registry import Duty, Grid, GridLevel, Household, Person, Resident, Village
from shared.privacy.cipher import FieldCipher
from shared.privacy.key_files import field_keys_path, read_keys
from shared.privacy.keys import ensure_keys
from shared.quarters import last_day, quarter_of
from shared.topology import Service
from tests.fixtures.postgresql_cluster import PROJECT

DAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def folder(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo, loaded by its own program."""
    var = tmp_path_factory.mktemp("demo")
    shutil.copyfile(sqlite_template, var / "xiangzhi.db")
    ensure_keys(var / "keys", create=True)
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.demo.load", "--date", DAY.isoformat()],
        cwd=PROJECT,
        env={**os.environ, "XZ_DATA_DIR": str(var), "XZ_KEY_DIR": str(var / "keys"), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return var


@pytest.fixture
def demo(folder: Path) -> Iterator[Session]:
    database = Database(f"sqlite:///{folder / 'xiangzhi.db'}", Service.POINTS)
    with database.reading() as session:
        yield session
    database.dispose()


def count(session: Session, model: type, *conditions: object) -> int:
    return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0  # type: ignore[arg-type]


def test_villages_groups_households_and_residents_are_as_many_as_published(demo: Session) -> None:
    names = demo.scalars(select(Village.name).order_by(Village.code)).all()
    assert names == ["大高坪村", "黄柏村", "地了村", "龙寨塘村"]
    assert count(demo, Grid, Grid.level == GridLevel.GROUP) == 24
    assert count(demo, Household) == 636
    assert 2_700 <= count(demo, Resident) <= 3_300
    assert 8_500 <= count(demo, Event) <= 9_500


def test_more_than_fifty_demands_were_collected_and_46_are_solved(demo: Session) -> None:
    assert count(demo, Demand) > 50
    assert count(demo, Demand, Demand.state == DemandState.CLOSED) == 46


def test_ten_petitions_are_concluded_and_all_eight_that_were_evaluated_are_satisfied(demo: Session) -> None:
    assert Counter(demo.scalars(select(Petition.state))) == {State.CONCLUDED: 10}
    assert Counter(demo.scalars(select(Evaluation.grade))) == {Grade.SATISFIED: 8}


def test_four_quarters_are_closed_and_their_boards_published_on_a_day_before_the_demos_today(demo: Session) -> None:
    quarters = range(quarter_of(DAY) - 4, quarter_of(DAY))
    boards = demo.scalars(select(BoardEdition)).all()
    assert Counter((board.quarter, board.edition) for board in boards) == {
        (quarter, edition): 4 for quarter in quarters for edition in (1, 2)
    }
    assert all(last_day(board.quarter) < board.published_at.date() < DAY for board in boards)


def test_the_secretary_of_the_first_village_leads_a_tea_garden_of_220_mu_that_400_households_follow(
    demo: Session,
) -> None:
    following = demo.scalar(
        select(func.count(distinct(Event.household_id)))
        .join(RuleCode, RuleCode.id == Event.rule_id)
        .where(RuleCode.code == "CY02", Event.note == "跟着示范茶园种茶苗")
    )
    assert following >= 400
    leading = demo.scalars(select(Event).where(Event.note.like("%220 亩%"))).one()
    first = demo.scalars(select(Village).order_by(Village.code).limit(1)).one()
    secretary = demo.scalars(
        select(Duty.person_id).where(Duty.village_id == first.id, Duty.title == "村党总支书记")
    ).one()
    heads = select(Resident.person_id).where(Resident.household_id == leading.household_id)
    assert secretary in demo.scalars(heads).all()
    assert secretary not in (leading.declared_by, leading.reviewed_by)


def test_no_note_of_a_household_tells_of_a_dispute(demo: Session) -> None:
    notes = set(demo.scalars(select(Event.note).distinct().where(Event.note.is_not(None))))
    assert notes
    assert [note for note in notes if any(word in note for word in ("纠纷", "口角", "打架", "吵架"))] == []


def test_the_stores_have_the_goods_of_the_report(demo: Session) -> None:
    assert set(demo.scalars(select(Item.name))) == {"洗洁精", "洗衣粉", "牙膏", "洗脸盆"}


def test_numbers_and_phones_are_no_ones(demo: Session, folder: Path) -> None:
    """Area 431299 was never assigned; 1600000xxxx is the demo's block."""
    cipher = FieldCipher(read_keys(field_keys_path(Service.INTAKE, folder / "keys")))
    people = demo.scalars(select(Person)).all()
    assert {cipher.decrypt(person.identity_encrypted)[:6] for person in people} == {"431299"}
    phones = [cipher.decrypt(person.phone_encrypted) for person in people if person.phone_encrypted]
    assert {phone[:7] for phone in phones} == {"1600000"}
    assert not {person.name for person in people} & DENIED


def test_what_happened_is_written_on_a_day_on_which_it_could_have_been(demo: Session) -> None:
    """A quarter's points are booked when it is over, not on the day of loading; nothing lies in the future."""
    made = demo.execute(
        select(Posting.village_id, Posting.made_at).where(Posting.kind == PostingKind.IMPORT).order_by(Posting.seq)
    ).all()
    villages = demo.scalars(select(VillageLedger.village_id)).all()
    for village_id in villages:
        moments = [moment for village, moment in made if village == village_id]
        assert moments == sorted(moments)
        assert [quarter_of(moment.date()) for moment in moments] == [*range(quarter_of(DAY) - 4, quarter_of(DAY) + 1)]
