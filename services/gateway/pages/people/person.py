"""The page of one person: what they are responsible for, and how they log in."""

from __future__ import annotations

from typing import Any

from flask import render_template

from services.gateway.accounts.accounts import accounts_of_people
from services.gateway.pages.people.presentation import account_state, duty_line
from services.gateway.pages.people.relatives import relatives_of
from services.gateway.pages.services import intake
from services.gateway.pages.words import day_words
from shared.web import current_principal, current_session


def show_person(
    person_id: int, *, errors: dict[str, list[str]] | None = None, form: Any = None, password: str = ""
) -> str:
    """The page of one person; `password` is a temporary one, shown this once."""
    principal = current_principal()
    person = intake.get(f"/api/intake/people/{person_id}", principal).data
    if person["forgotten_on"]:
        return render_template("people/forgotten.html", day=day_words(person["forgotten_on"]))
    held = intake.get("/api/intake/duties", principal, person_id=person_id, all=True, limit=100).data["items"]
    account = accounts_of_people(current_session(), principal, [person_id]).get(person_id)
    return render_template(
        "people/show.html",
        person=person,
        duties=sorted((duty_line(each) for each in held), key=lambda line: line["is_over"]),
        relatives=relatives_of(principal, person_id),
        account=account_state(account) if account else None,
        own=account is not None and principal.actor == f"account:{account.id}",
        form=form or {},
        errors=errors or {},
        password=password,
    )
