"""A household that has left long ago."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from shared.calendar import today
from shared.database import Database
from shared.models.base import now
from shared.models.registry import Household, Kinship, Person, Resident
from shared.privacy import field_cipher
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship
from tests.integration.retention.deliveries import LONG_AGO, age


@pytest.fixture
def intake(any_database: str, database_for: DatabaseFor, small_township: SmallTownship) -> Database:
    """The first household of the first village has left long ago; its head was a judge, and has numbers."""
    intake, left = database_for(Service.INTAKE), today() - LONG_AGO
    household, head = small_township.villages[0].households[0], small_township.villages[0].heads[0]
    with intake.transaction() as session:
        session.execute(update(Household).where(Household.id == household).values(valid_to=left))
        session.execute(update(Resident).where(Resident.household_id == household).values(valid_to=left))
        person = session.get_one(Person, head)
        person.identity_encrypted = field_cipher(Service.INTAKE).encrypt("431299196003151017")
        person.identity_index, person.identity_tail, person.care_labels = "1" * 64, "1017", '["独居"]'
        session.add(Kinship(person_id=head, household_id=small_township.households[1]))
    age(intake, Person, "created_at", now() - LONG_AGO)
    return intake
