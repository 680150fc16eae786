"""`/api/accounts` and `/api/cards`: admins manage accounts, owners their password and second factor."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, make_response
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.gateway.accounts import accounts, pins, second_factor
from services.gateway.accounts.own import change_own_password, own_account
from services.gateway.accounts.passwords import hash_password, hash_pin, random_pin, temporary_password
from services.gateway.accounts.schemas import (
    AccountListArguments,
    AccountSchema,
    CodeSchema,
    EnrolmentSchema,
    NewAccountSchema,
    PasswordSchema,
    PinSchema,
)
from services.gateway.sessions.entry import enter
from shared.database import Database
from shared.identity import Principal, Role
from shared.models.gateway import Account
from shared.models.registry import Person
from shared.web import (
    Blueprint,
    Page,
    allow,
    current_principal,
    current_session,
    idempotent,
    page_of,
    page_schema,
    writing,
)

blueprint = Blueprint("accounts", __name__, url_prefix="/api/accounts", description="账号")
cards_blueprint = Blueprint("cards", __name__, url_prefix="/api/cards", description="户卡的查询密码")


@blueprint.route("", methods=["GET"])
@allow(Role.ADMIN)
@blueprint.arguments(AccountListArguments, location="query")
@blueprint.response(200, page_schema(AccountSchema))
def list_accounts(query: dict[str, Any]) -> Page[Any]:
    """The township's accounts by user name."""
    statement = select(Account).where(Account.township_id == current_principal().township_id)
    if query["username"]:
        statement = statement.where(Account.username.startswith(query["username"].lower(), autoescape=True))
    session = current_session()
    page = page_of(session, statement, [Account.username], cursor=query["cursor"], limit=query["limit"])
    people = select(Person.id, Person.name).where(Person.id.in_([account.person_id for account in page.items]))
    names = {row.id: row.name for row in session.execute(people)}
    return Page([_describe(account, names[account.person_id]) for account in page.items], page.next_cursor)


@blueprint.route("", methods=["POST"])
@allow(Role.ADMIN)
@writing
@blueprint.arguments(NewAccountSchema)
@blueprint.response(201, AccountSchema)
@idempotent(lambda session, actor, made: _show(session, actor, int(made)), identify=lambda made: made["id"])
def create_account(body: dict[str, Any]) -> dict[str, Any]:
    """Make an account; its temporary password is in this answer only."""
    password = temporary_password()
    hashed = hash_password(password)
    session, actor = current_session(), current_principal()
    account = accounts.create_account(
        session, actor, person_id=body["person_id"], username=body["username"], password_hash=hashed
    )
    return {**_show(session, actor, account.id), "temporary_password": password}


@blueprint.route("/<int:account_id>", methods=["GET"])
@allow(Role.ADMIN)
@blueprint.response(200, AccountSchema)
def show_account(account_id: int) -> dict[str, Any]:
    """One account."""
    return _show(current_session(), current_principal(), account_id)


@blueprint.route("/<int:account_id>/reset", methods=["POST"])
@allow(Role.ADMIN)
@writing
@blueprint.response(200, AccountSchema)
def reset_password(account_id: int) -> dict[str, Any]:
    """A new temporary password, in this answer only; every login of the account ends."""
    password = temporary_password()
    hashed = hash_password(password)
    session, actor = current_session(), current_principal()
    accounts.reset_password(session, actor, account_id, hashed)
    return {**_show(session, actor, account_id), "temporary_password": password}


@blueprint.route("/<int:account_id>/reset_second_factor", methods=["POST"])
@allow(Role.ADMIN)
@writing
@blueprint.response(200, AccountSchema)
def reset_second_factor(account_id: int) -> dict[str, Any]:
    """Take a lost second factor away; the owner sets up another one at the next login."""
    session, actor = current_session(), current_principal()
    second_factor.reset_second_factor(session, actor, accounts.account_of(session, actor, account_id))
    accounts.end_sessions_of(session, account_id)
    return _show(session, actor, account_id)


@blueprint.route("/<int:account_id>/<any(disable, enable):act>", methods=["POST"])
@allow(Role.ADMIN)
@writing
@blueprint.response(200, AccountSchema)
def switch_account(account_id: int, act: str) -> dict[str, Any]:
    """Close an account, or open it again."""
    session, actor = current_session(), current_principal()
    (accounts.disable_account if act == "disable" else accounts.enable_account)(session, actor, account_id)
    return _show(session, actor, account_id)


@blueprint.route("/own/password", methods=["POST"])
@allow(Role.PUBLIC)
@blueprint.arguments(PasswordSchema)
@blueprint.response(204)
def change_password(body: dict[str, str]) -> Response:
    """Set my own password; my other logins end, this one goes on under a new session."""
    made = change_own_password(_database(), current=body["current"], password=body["password"])
    return enter(_database(), make_response("", 204), made)


@blueprint.route("/own/second_factor", methods=["POST"])
@allow(Role.PUBLIC)
@writing
@blueprint.response(200, EnrolmentSchema)
def begin_second_factor() -> second_factor.Enrolment:
    """Begin setting up my second factor."""
    actor, account = own_account(current_session())
    return second_factor.begin_enrolment(current_session(), actor, account)


@blueprint.route("/own/second_factor/confirm", methods=["POST"])
@allow(Role.PUBLIC)
@writing
@blueprint.arguments(CodeSchema)
@blueprint.response(204)
def confirm_second_factor(body: dict[str, str]) -> None:
    """Confirm it with a first code; from now on each login asks for one."""
    actor, account = own_account(current_session())
    second_factor.confirm_enrolment(current_session(), actor, account, body["code"].replace(" ", ""))


@cards_blueprint.route("/<card>/pin", methods=["POST"])
@allow(Role.ADMIN, Role.CADRE)
@writing
@blueprint.response(200, PinSchema)
def reset_pin(card: str) -> dict[str, str]:
    """A new PIN for a household card, in this answer only; logged."""
    pin = random_pin()
    pins.reset_pin(current_session(), current_principal(), card, hash_pin(pin))
    return {"card": card, "pin": pin}


def _show(session: Session, actor: Principal, account_id: int) -> dict[str, Any]:
    account = accounts.account_of(session, actor, account_id)
    return _describe(account, session.get_one(Person, account.person_id).name)


def _describe(account: Account, name: str) -> dict[str, Any]:
    return {
        "id": account.id,
        "person_id": account.person_id,
        "person_name": name,
        "username": account.username,
        "must_change": account.must_change,
        "second_factor": account.totp_confirmed_at is not None,
        "is_demo": account.is_demo,
        "disabled_at": account.disabled_at,
        "last_login_at": account.last_login_at,
    }


def _database() -> Database:
    database: Database = current_app.database  # type: ignore[attr-defined]
    return database
