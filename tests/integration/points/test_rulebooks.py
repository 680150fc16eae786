"""Rulebooks on both databases: drafts, publication, lint answers, adoption, and their routes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.points.app import create_app
from services.points.events.declarations import Declaration, declare_events
from services.points.rulebooks.adoption import Decision, Matter, adopt_rulebook
from services.points.rulebooks.corrections import Correction
from services.points.rulebooks.drafts import (
    create_draft,
    discard_draft,
    edit_draft,
    publish_draft,
    rulebook_by_revision,
)
from services.points.rulebooks.lines import CategoryLine, RuleLine, Step, rules_of
from services.points.rulebooks.matters import DecidedMatter, keep_matter
from services.points.rulebooks.waivers import answer_finding, lint_rulebook
from services.points.scoring.quarters import rulebooks_in_force
from shared.calendar import today
from shared.database import Database
from shared.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from shared.identity import Principal, Role
from shared.models.base import now
from shared.models.points import Adoption, CapPeriod, Mode, Per, Rulebook, RulebookState, WaiverKind
from shared.quarters import first_day, quarter_of
from shared.topology import Service
from tests.fixtures.calls import Call
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship, SmallVillage

pytestmark = pytest.mark.usefixtures("any_database")

CATEGORIES = [CategoryLine("A", "环境", 3000), CategoryLine("B", "志愿")]
RULES = [
    RuleLine("A1", "A", "大扫除", "人次", Mode.FIXED, points=200, cap=600, cap_period=CapPeriod.MONTH, common=True),
    RuleLine("A2", "A", "乱倒垃圾", "次", Mode.STEPPED, steps=(Step(100, -200), Step(200, -400))),
    RuleLine("B1", "B", "志愿时长", "小时", Mode.TIERED, per=Per.YEAR, steps=(Step(400, 100), Step(1000, 300))),
    RuleLine("B2", "B", "好人好事", "次", Mode.RANGE, minimum=100, maximum=800),
]
MATTER = Matter("决议〔2026〕1号", date(2026, 1, 2))


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def admin(principal_of: PrincipalOf) -> Principal:
    return principal_of(Role.ADMIN)


@pytest.fixture
def cadre(principal_of: PrincipalOf) -> Principal:
    return principal_of(Role.CADRE)


def publish(database: Database, admin: Principal, rules: list[RuleLine] = RULES) -> int:
    with database.transaction() as session:
        book = create_draft(session, admin, title="细则", categories=CATEGORIES, rules=rules)
        return publish_draft(session, admin, book, expected_version=book.version).revision


def adopted_then(database: Database, village_id: int, revision: int, quarter: int, **values: Any) -> None:
    """An adoption as it was recorded in its own time: today nobody may adopt backwards."""
    matter = {} if values.get("trial") else {"matter_number": MATTER.number, "matter_on": MATTER.decided_on}
    with database.transaction() as session:
        book = session.scalars(select(Rulebook.id).where(Rulebook.revision == revision)).one()
        session.add(Adoption(village_id=village_id, rulebook_id=book, from_quarter=quarter, **matter, **values))


def this_quarter() -> date:
    return first_day(quarter_of(today()))


def test_what_was_written_is_read_again_in_order(database: Database, admin: Principal) -> None:
    revision = publish(database, admin)
    with database.reading() as session:
        assert rules_of(session, rulebook_by_revision(session, admin, revision).id) == RULES


def test_a_new_draft_is_a_copy_of_the_newest_revision_and_keeps_the_codes_numbers(
    database: Database, admin: Principal
) -> None:
    publish(database, admin)
    with database.transaction() as session:
        draft = create_draft(session, admin, title="第二版")
        assert (draft.revision, draft.based_on) == (2, 1)
        assert rules_of(session, draft.id) == RULES


def test_there_is_one_draft_at_a_time_and_its_number_comes_back_when_it_is_discarded(
    database: Database, admin: Principal
) -> None:
    publish(database, admin)
    with database.transaction() as session:
        create_draft(session, admin, title="第二版")
    with pytest.raises(Conflict), database.transaction() as session:
        create_draft(session, admin, title="又一版")
    with database.transaction() as session:
        draft = rulebook_by_revision(session, admin, 2)
        discard_draft(session, admin, draft, expected_version=draft.version)
    with database.transaction() as session:
        assert create_draft(session, admin, title="第二版").revision == 2


def test_a_published_revision_never_changes(database: Database, admin: Principal) -> None:
    publish(database, admin)
    with database.transaction() as session:
        book = rulebook_by_revision(session, admin, 1)
        with pytest.raises(Conflict):
            edit_draft(
                session,
                admin,
                book,
                title="x",
                summary="",
                categories=CATEGORIES,
                rules=RULES[:1],
                expected_version=book.version,
            )
        with pytest.raises(Conflict):
            discard_draft(session, admin, book, expected_version=book.version)


def test_an_edit_on_an_old_version_is_stale(database: Database, admin: Principal) -> None:
    with database.transaction() as session:
        book = create_draft(session, admin, title="细则", categories=CATEGORIES, rules=RULES)
        edit_draft(
            session, admin, book, title="改", summary="", categories=CATEGORIES, rules=RULES[:2], expected_version=1
        )
        with pytest.raises(Stale):
            edit_draft(
                session, admin, book, title="又", summary="", categories=CATEGORIES, rules=RULES, expected_version=1
            )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (replace(RULES[0], category="Z"), "rules.0.category"),
        (replace(RULES[0], points=None), "rules.0.points"),
        (replace(RULES[0], cap_period=None), "rules.0.cap"),
        (replace(RULES[0], cap=-1), "rules.0.cap"),
        (replace(RULES[1], steps=()), "rules.0.steps"),
        (replace(RULES[1], steps=(Step(200, -1),)), "rules.0.steps"),
        (replace(RULES[2], per=None), "rules.0.per"),
        (replace(RULES[3], minimum=900), "rules.0.minimum"),
        (replace(RULES[0], valid_months=5), "rules.0.valid_months"),
        (replace(RULES[0], points=10**9), "rules.0.points"),
        (replace(RULES[0], points=-(10**7), max_quantity=10_001), "rules.0.max_quantity"),
    ],
)
def test_a_line_that_can_not_be_is_named_by_its_field(
    database: Database, admin: Principal, wrong: RuleLine, field: str
) -> None:
    with pytest.raises(Invalid) as caught, database.transaction() as session:
        create_draft(session, admin, title="细则", categories=CATEGORIES, rules=[wrong])
    assert field in caught.value.errors


def test_only_admins_edit_and_nobody_else_sees_a_draft(database: Database, admin: Principal, cadre: Principal) -> None:
    with pytest.raises(Forbidden), database.transaction() as session:
        create_draft(session, cadre, title="细则", categories=CATEGORIES, rules=RULES)
    with database.transaction() as session:
        create_draft(session, admin, title="细则", categories=CATEGORIES, rules=RULES)
    with pytest.raises(NotFound), database.reading() as session:
        rulebook_by_revision(session, cadre, 1)


def test_a_village_adopts_from_the_first_day_of_a_quarter_with_its_matter(
    database: Database, admin: Principal, cadre: Principal, small_township: SmallTownship
) -> None:
    publish(database, admin)
    code = small_township.villages[0].code
    with database.transaction() as session:
        book = rulebook_by_revision(session, cadre, 1)
        with pytest.raises(Invalid) as caught:
            adopt_rulebook(session, cadre, book, Decision(code, this_quarter() + timedelta(days=1), MATTER))
        assert "effective_from" in caught.value.errors
        for day in (first_day(quarter_of(today()) + 9), date(9999, 10, 1), date(9999, 12, 31)):
            with pytest.raises(Invalid, match="两年"):
                adopt_rulebook(session, cadre, book, Decision(code, day, MATTER))
        adoption = adopt_rulebook(session, cadre, book, Decision(code, this_quarter(), MATTER))
        assert not adoption.trial
        again = adopt_rulebook(session, cadre, book, Decision(code, this_quarter(), MATTER))
        assert again.id == adoption.id
        with pytest.raises(Conflict, match="不用再试行"):
            adopt_rulebook(session, cadre, book, Decision(code, this_quarter()))


def test_without_a_matter_a_village_is_on_trial_for_at_most_two_quarters(
    database: Database, admin: Principal, cadre: Principal, small_township: SmallTownship
) -> None:
    publish(database, admin)
    with database.transaction() as session:
        book = rulebook_by_revision(session, cadre, 1)
        decision = Decision(small_township.villages[0].code, this_quarter())
        adoption = adopt_rulebook(session, cadre, book, decision)
        assert (adoption.trial, adoption.trial_quarters) == (True, 2)


def test_an_earlier_start_is_a_correction_that_names_its_lines_matter_and_reason(
    database: Database, admin: Principal, cadre: Principal, small_township: SmallTownship
) -> None:
    publish(database, admin)
    code = small_township.villages[0].code
    earlier = first_day(quarter_of(today()) - 2)
    adopted_then(database, small_township.villages[0].id, 1, quarter_of(earlier))
    with database.transaction() as session:
        mended = [replace(RULES[0], points=250), *RULES[1:]]
        book = create_draft(session, admin, title="更正", categories=CATEGORIES, rules=mended)
        publish_draft(session, admin, book, expected_version=book.version)
        for decision in (
            Decision(code, earlier, MATTER),
            Decision(code, earlier, correction=Correction(("A1",), "打错")),
            Decision(code, this_quarter(), correction=Correction(("A1",), "打错")),
            Decision(code, earlier, MATTER, Correction(("A1",), " ")),
            Decision(code, earlier, MATTER, Correction(("A1", "A2"), "打错")),
        ):
            with pytest.raises(Invalid):
                adopt_rulebook(session, cadre, book, decision)
        adoption = adopt_rulebook(session, cadre, book, Decision(code, earlier, MATTER, Correction(("A1",), "打错")))
        assert adoption.correction
        assert adoption.correction_lines == '["A1"]'


def test_a_correction_is_measured_by_what_is_in_force_in_that_village(
    database: Database, admin: Principal, cadre: Principal, small_township: SmallTownship
) -> None:
    here, there = small_township.villages
    earlier = quarter_of(today()) - 1
    publish(database, admin)
    publish(database, admin, [replace(RULES[0], points=300), *RULES[1:]])
    adopted_then(database, here.id, 1, earlier)
    adopted_then(database, there.id, 2, earlier)
    extra = RuleLine("C1", "A", "河边清漂", "次", Mode.FIXED, points=100, village_id=there.id)
    # The draft is copied from revision 2; the village here still has revision 1, and no line of its own.
    publish(database, admin, [replace(RULES[0], points=300), *RULES[1:3], replace(RULES[3], maximum=900), extra])

    def adopt(village: SmallVillage, *lines: str) -> bool:
        with database.transaction() as session:
            book = rulebook_by_revision(session, admin, 3)
            decision = Decision(village.code, first_day(earlier), MATTER, Correction(lines, "打错"))
            return adopt_rulebook(session, admin, book, decision).correction

    with pytest.raises(Invalid) as refused:
        adopt(here, "B2")
    assert "A1、B2" in refused.value.errors["correction.lines"][0]
    with pytest.raises(Invalid) as refused:
        adopt(there, "A1", "B2", "C1")
    assert "B2、C1" in refused.value.errors["correction.lines"][0]
    assert adopt(here, "A1", "B2")
    assert adopt(there, "B2", "C1")


def test_a_corrected_category_limit_is_named_by_the_lines_that_it_holds_for(
    database: Database, admin: Principal, cadre: Principal, small_township: SmallTownship
) -> None:
    village, earlier = small_township.villages[0], quarter_of(today()) - 1
    publish(database, admin)
    adopted_then(database, village.id, 1, earlier)
    with database.transaction() as session:
        categories = [CategoryLine("A", "环境", 4000), CATEGORIES[1]]
        book = create_draft(session, admin, title="更正", categories=categories, rules=RULES)
        publish_draft(session, admin, book, expected_version=book.version)
        correction = Correction(("A1", "A2"), "上限打错")
        assert adopt_rulebook(
            session, cadre, book, Decision(village.code, first_day(earlier), MATTER, correction)
        ).correction


def test_where_nothing_was_in_force_there_is_nothing_to_correct(
    database: Database, admin: Principal, cadre: Principal, small_township: SmallTownship
) -> None:
    publish(database, admin)
    decision = Decision(
        small_township.villages[0].code, first_day(quarter_of(today()) - 1), MATTER, Correction(("A1",), "打错")
    )
    with pytest.raises(Invalid) as refused, database.transaction() as session:
        adopt_rulebook(session, cadre, rulebook_by_revision(session, cadre, 1), decision)
    assert "没有可以更正的文本" in refused.value.errors["effective_from"][0]


def test_what_is_on_trial_becomes_permanent_by_the_villages_matter(
    database: Database, admin: Principal, cadre: Principal, small_township: SmallTownship
) -> None:
    publish(database, admin)
    village, running = small_township.villages[0], quarter_of(today())
    adopted_then(database, village.id, 1, running - 2, trial=True, trial_quarters=2)

    def adopt(day: date, matter: Matter | None = MATTER, correction: Correction | None = None) -> int:
        with database.transaction() as session:
            book = rulebook_by_revision(session, cadre, 1)
            return adopt_rulebook(session, cadre, book, Decision(village.code, day, matter, correction)).id

    cleaned = Declaration(small_township.households[0], "A1", today())
    with database.transaction() as session, pytest.raises(Invalid, match="试行期已满"):
        declare_events(session, cadre, [cleaned])
    mended = Correction(("A1",), "打错")
    for quarter, correction in ((running - 1, None), (running, mended), (running - 1, mended)):
        with pytest.raises(Invalid):
            adopt(first_day(quarter), correction=correction)
    permanent = adopt(this_quarter())
    assert adopt(this_quarter()) == permanent
    with pytest.raises(Conflict, match="已经采用第 1 版"):
        adopt(first_day(running + 1), None)
    with database.transaction() as session:
        assert declare_events(session, cadre, [cleaned])
        in_force = rulebooks_in_force(session, [village.id], list(range(running - 3, running + 9)))
    assert [quarter - running for _, quarter in sorted(in_force)] == [-2, -1, *range(9)]


def test_a_trial_that_has_not_begun_is_not_made_permanent_from_an_earlier_day(
    database: Database, admin: Principal, cadre: Principal, small_township: SmallTownship
) -> None:
    publish(database, admin)
    later = first_day(quarter_of(today()) + 1)
    with database.transaction() as session:
        book = rulebook_by_revision(session, cadre, 1)
        code = small_township.villages[0].code
        adopt_rulebook(session, cadre, book, Decision(code, later))
        with pytest.raises(Invalid, match="正式采用不能更早"):
            adopt_rulebook(session, cadre, book, Decision(code, this_quarter(), MATTER))
        assert not adopt_rulebook(session, cadre, book, Decision(code, later, MATTER)).trial


def test_a_cadre_adopts_for_the_own_village_only(
    database: Database, admin: Principal, cadre: Principal, small_township: SmallTownship
) -> None:
    publish(database, admin)
    foreign = Decision(small_township.villages[1].code, this_quarter(), MATTER)
    with pytest.raises(Forbidden), database.transaction() as session:
        adopt_rulebook(session, cadre, rulebook_by_revision(session, cadre, 1), foreign)


def test_adoption_is_refused_while_a_forbidden_deduction_stands(
    database: Database, admin: Principal, cadre: Principal, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    forbidden = RuleLine("A9", "A", "到县里信访", "次", Mode.FIXED, points=-500)
    with database.transaction() as session:
        # As a revision that was published before the check had learnt these words.
        book = create_draft(session, admin, title="细则", categories=CATEGORIES, rules=[*RULES, forbidden])
        book.state, book.published_at = RulebookState.PUBLISHED, now()
    decision = Decision(small_township.villages[0].code, this_quarter(), MATTER)
    with pytest.raises(Conflict, match="A9"), database.transaction() as session:
        adopt_rulebook(session, cadre, rulebook_by_revision(session, cadre, 1), decision)
    answer = {"rule_code": "A9", "finding": "petition", "reason": "只是地名"}
    with database.transaction() as session:
        book = rulebook_by_revision(session, admin, 1)
        with pytest.raises(Conflict):
            answer_finding(session, admin, book, kind=WaiverKind.REASONED, **answer)
        answer_finding(session, admin, book, kind=WaiverKind.FALSE_ALARM, **answer)
        assert not lint_rulebook(session, book)[0].settled
        with pytest.raises(Conflict):
            answer_finding(session, admin, book, kind=WaiverKind.FALSE_ALARM, **answer)
        other = principal_of(Role.ADMIN, number=1)
        answer_finding(session, other, book, kind=WaiverKind.FALSE_ALARM, **answer)
        assert lint_rulebook(session, book)[0].settled
        adopt_rulebook(session, cadre, book, decision)


def test_a_draft_is_not_published_while_the_lint_has_an_open_finding(
    database: Database, admin: Principal, principal_of: PrincipalOf
) -> None:
    wrong = [
        RuleLine("A8", "A", "不参加志愿活动", "次", Mode.FIXED, points=-100),
        RuleLine("A9", "A", "到县里信访", "次", Mode.FIXED, points=-500),
    ]
    with database.transaction() as session:
        book = create_draft(session, admin, title="细则", categories=CATEGORIES, rules=[*RULES, *wrong])
        with pytest.raises(Conflict, match="A8.*A9.*群众的权利") as refused:
            publish_draft(session, admin, book, expected_version=book.version)
        assert sorted(refused.value.errors) == ["A8", "A9"]
        voluntary = {"rule_code": "A8", "finding": "voluntary", "reason": "村民会议定的"}
        answer_finding(session, admin, book, kind=WaiverKind.REASONED, **voluntary)
        petition = {"rule_code": "A9", "finding": "petition", "reason": "只是地名"}
        answer_finding(session, admin, book, kind=WaiverKind.FALSE_ALARM, **petition)
        with pytest.raises(Conflict, match="A9"):
            publish_draft(session, admin, book, expected_version=book.version)
        answer_finding(session, principal_of(Role.ADMIN, number=1), book, kind=WaiverKind.FALSE_ALARM, **petition)
        published = publish_draft(session, admin, book, expected_version=book.version)
        assert published.state is RulebookState.PUBLISHED


def test_the_proof_of_a_matter_may_come_before_or_after_the_adoption_and_be_withdrawn(
    database: Database, admin: Principal, cadre: Principal, small_township: SmallTownship
) -> None:
    publish(database, admin)
    village = small_township.villages[0]
    stated = DecidedMatter("petitions.matter:1", 1, False, village.id, MATTER.number, MATTER.decided_on, 1)
    with database.transaction() as session:
        keep_matter(session, stated)
        book = rulebook_by_revision(session, cadre, 1)
        adoption = adopt_rulebook(session, cadre, book, Decision(village.code, this_quarter(), MATTER))
        assert adoption.matter_proven_at is not None
        keep_matter(session, replace(stated, version=3, withdrawn=True))
        session.refresh(adoption)
        assert adoption.matter_proven_at is None
        keep_matter(session, replace(stated, version=2))
        session.refresh(adoption)
        assert adoption.matter_proven_at is None


def test_the_routes_create_edit_publish_and_adopt(
    admin: Principal, cadre: Principal, small_township: SmallTownship, call: Call, database: Database
) -> None:
    app = create_app()
    rule = {"code": "A1", "category": "A", "title": "大扫除", "unit": "人次", "mode": "fixed", "points": "2.00"}
    body = {"title": "细则", "categories": [{"code": "A", "name": "环境"}], "rules": [rule]}
    url = "/api/points/rulebooks"
    made = call(app, Service.POINTS, admin, "POST", url, json=body, key="key-rulebook-1")
    assert made.status_code == 201, made.json
    assert made.json["rules"][0]["points"] == "2.00"
    replayed = call(app, Service.POINTS, admin, "POST", url, json=body, key="key-rulebook-1")
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert replayed.json == made.json
    published = call(
        app, Service.POINTS, admin, "POST", f"{url}/1/publish", headers={"If-Match": made.headers.get("ETag", '"v1"')}
    )
    assert published.json["state"] == RulebookState.PUBLISHED
    decision = {
        "village": small_township.villages[0].code,
        "effective_from": this_quarter().isoformat(),
        "matter": {"number": "决议〔2026〕1号", "decided_on": "2026-01-02"},
    }
    adopted = call(app, Service.POINTS, cadre, "POST", f"{url}/1/adoptions", json=decision, key="key-adoption-1")
    assert adopted.status_code == 201, adopted.json
    public = call(app, Service.POINTS, Principal(small_township.id), "GET", f"{url}/1")
    assert public.status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "magic"},
        {"points": "2.001"},
        {"points": 2},
        {"points": "1e5"},
        {"code": "有 空格"},
        {"steps": [{"threshold": "x", "points": "1"}]},
    ],
)
def test_bad_input_is_a_problem_that_names_the_field(
    admin: Principal, call: Call, database: Database, change: dict[str, object]
) -> None:
    rule = {"code": "A1", "category": "A", "title": "大扫除", "unit": "次", "mode": "fixed", "points": "2.00"} | change
    body = {"title": "细则", "categories": [{"code": "A", "name": "环境"}], "rules": [rule]}
    answer = call(create_app(), Service.POINTS, admin, "POST", "/api/points/rulebooks", json=body, key="key-bad-rule")
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert any(field.startswith("rules.0.") for field in answer.json["errors"])
