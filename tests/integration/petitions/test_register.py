"""A petition's way through the register, on both databases."""

from __future__ import annotations

from datetime import date

from services.petitions.evaluations.codes import petition_by_code
from services.petitions.evaluations.evaluations import Answer, evaluate_petition
from services.petitions.evaluations.progress import progress_of
from services.petitions.evaluations.rates import rates_of
from services.petitions.procedure.acts import perform_action
from services.petitions.procedure.reminders import send_reminders
from services.petitions.procedure.transitions import Action
from services.petitions.procedure.values import ActValues
from services.petitions.procedure.words import Notice, Result
from services.petitions.register.openings import open_petition
from services.petitions.register.parties import PersonDetails
from services.petitions.register.registration import Filing, register_petition
from services.petitions.register.waiting import Asked, waiting_for
from shared.identity import Role
from shared.models.petition_kinds import Category, Channel, Grade, State
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf


def test_a_claim_is_registered_accepted_delivered_evaluated_and_concluded_with_given_days(
    any_database: str, database_for: DatabaseFor, principal_of: PrincipalOf
) -> None:
    clerk = principal_of(Role.CLERK)
    filing = Filing(
        channel=Channel.VISIT,
        category=Category.CLAIM,
        text="反映示例单位修路占用田坎，请求重新丈量。",
        received_on=date(2026, 4, 24),
        petitioner=PersonDetails(name="石小满", phone="16000001234"),
    )
    database = database_for(Service.PETITIONS)
    with database.transaction() as session:
        receipt = register_petition(session, clerk, filing)
        assert receipt.number == "2026-0001"
        assert [group.asked for group in waiting_for(session, clerk)] == [Asked.ANSWER_RECEIPT]
    with database.transaction() as session:
        told = ActValues(notice=Notice.WRITTEN)
        perform_action(session, clerk, receipt.number, Action.ACCEPT, told, on=date(2026, 5, 6))
        assert [(each.soon, each.overdue) for each in send_reminders(session, date(2026, 7, 6))] == [(1, 0)]
        assert [(each.soon, each.overdue) for each in send_reminders(session, date(2026, 7, 7))] == [(0, 1)]
        assert send_reminders(session, date(2026, 7, 8)) == []
        done = ActValues(notice=Notice.WRITTEN, result=Result.SUPPORTED)
        perform_action(session, clerk, receipt.number, Action.DELIVER, done, on=date(2026, 6, 10))
    with database.transaction() as session:
        public = principal_of(Role.PUBLIC)
        petition = petition_by_code(session, public, receipt.number, receipt.code.lower())
        assert petition is not None
        assert progress_of(session, petition).evaluable
        evaluate_petition(session, public, petition, Answer(Grade.SATISFIED), on=date(2026, 6, 12))
        perform_action(session, clerk, receipt.number, Action.CONCLUDE, on=date(2026, 6, 15))
    with database.transaction() as session:
        opened = open_petition(session, clerk, receipt.number)
        assert opened.petitioner == PersonDetails(name="石小满", phone="16000001234")
        assert [step.action for step in opened.steps] == ["register", "accept", "deliver", "conclude"]
        assert opened.steps[-1].to_state is State.CONCLUDED
        rates = rates_of(session, clerk, date(2026, 1, 1), date(2026, 12, 31))
        assert (rates.received, rates.concluded, rates.evaluated, rates.satisfied) == (1, 1, 1, 1)
        assert waiting_for(session, clerk) == []
