"""The head 户主 of a household: replaced by another member in one act, so that there is always exactly one."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from services.intake.households.registration import HEAD
from services.intake.roles import REGISTRY_WRITERS
from shared import audit
from shared.database.upserts import execute_counted
from shared.errors import Conflict, Invalid, NotFound, Stale
from shared.identity import Principal
from shared.models.registry import Household, Person, Resident


def replace_head(
    session: Session, actor: Principal, household: Household, person_id: int, former_relation: str, version: int
) -> Household:
    """Let another member be the head; the former one stays with `former_relation` to the new head.

    Raises NotFound for somebody of another household, Invalid, Conflict where nothing would change, Stale.
    """
    actor.require_in(household.village_id, *REGISTRY_WRITERS)
    relation = former_relation.strip()
    if not relation or relation == HEAD:
        sentence = "请写原户主和新户主的关系，例如：父、母、配偶。"
        raise Invalid(sentence, errors={"former_relation": [sentence]})
    person = session.scalar(select(Person).join(Resident).where(_member(household), Resident.person_id == person_id))
    if person is None:
        raise NotFound("这一户里没有这个人。")
    # The version guards the two rows of members too: whoever changes the head changes it.
    statement = (
        update(Household)
        .where(Household.id == household.id, Household.version == version)
        .values(
            head_name=person.name, head_pinyin=person.pinyin, head_initials=person.initials, version=version + 1
        )
    )  # fmt: skip
    if execute_counted(session, statement) != 1:
        raise Stale("您打开之后，这一户已被别人改过。请刷新，看过最新内容后再改。")
    former = update(Resident).where(_member(household), Resident.relation == HEAD, Resident.person_id != person_id)
    if execute_counted(session, former.values(relation=relation)) != 1:
        raise Conflict("这个人已经是户主了。")
    session.execute(update(Resident).where(_member(household), Resident.person_id == person_id).values(relation=HEAD))
    session.refresh(household)
    audit.record(
        session, actor, "replace_head", "household", household.id,
        village_id=household.village_id, details={"person": person_id},
    )  # fmt: skip
    return household


def change_relation(session: Session, resident: Resident, relation: str) -> None:
    """Another relation to the head. Raises Invalid for the head's own, which only the head's replacement changes."""
    wanted = relation.strip()
    if wanted == resident.relation:
        return
    if HEAD in (wanted, resident.relation) or not wanted:
        sentence = "户主只能用“更换户主”来改，其他成员请写和户主的关系，例如：配偶、子、女。"
        raise Invalid(sentence, errors={"relation": [sentence]})
    resident.relation = wanted
    session.flush()


def _member(household: Household) -> ColumnElement[bool]:
    return (Resident.household_id == household.id) & Resident.valid_to.is_(None)
