"""The page that proves the audit logs: what it has checked, what it could not ask, and which line was changed."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from services.gateway.accounts.passwords import hash_password
from shared.audit import chain_new_rows
from shared.models.gateway import Account
from shared.models.plumbing_tables import audit_of
from shared.models.registry import DutyKind
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway.conftest import PASSWORD, House, Serve

ADDRESS = "/verification/audit"


@pytest.fixture
def audited(house: House, serve: Serve, database_for: DatabaseFor) -> House:
    """The gateway with an auditor; no other service listens."""
    person = house.township.officials[DutyKind.AUDITOR][0]
    with database_for(Service.GATEWAY).transaction() as session:
        stored = hash_password(PASSWORD)
        session.add(Account(township_id=house.township.id, person_id=person, username="auditor", password_hash=stored))
    return house


def test_a_log_without_numbered_lines_is_not_called_right(audited: House) -> None:
    page = audited.log_in("auditor").get(f"{ADDRESS}?service=gateway").text
    assert "没有可以核对的" in page
    assert "✓ 相符" not in page


def test_a_changed_line_is_named_and_unchanged_ones_are_not(audited: House, database_for: DatabaseFor) -> None:
    auditor = audited.log_in("auditor")
    table = audit_of(Service.GATEWAY)
    with database_for(Service.GATEWAY).transaction() as session:
        assert chain_new_rows(session) > 0
    page = auditor.get(f"{ADDRESS}?service=gateway").text
    assert "✓ 相符" in page
    assert "没有发现改动" in page
    with database_for(Service.GATEWAY).transaction() as session:
        session.execute(update(table).where(table.c.seq == 1).values(actor="account:99"))
    page = auditor.get(f"{ADDRESS}?service=gateway").text
    assert "第 1 行对不上" in page
    assert "没有发现改动" not in page


def test_a_service_that_does_not_answer_is_not_called_right(audited: House) -> None:
    page = audited.log_in("auditor").get(f"{ADDRESS}?service=petitions").text
    assert "没有查成" in page
    assert "没有发现改动" not in page


def test_only_auditor_and_admin_prove_the_logs(audited: House) -> None:
    assert audited.log_in("cadre1").get(ADDRESS).status_code == 403
    assert audited.log_in("clerk").get(ADDRESS).status_code == 403
