"""The account of a person: made, given a new password, closed and opened again, by an admin of the own township."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from services.gateway.accounts import accounts, second_factor
from services.gateway.accounts.passwords import hash_password, temporary_password
from services.gateway.pages.answers import GENERAL
from services.gateway.pages.database import gateway_database
from services.gateway.pages.people.person import show_person
from services.gateway.pages.wording import _
from shared.errors import Conflict, Invalid, NotFound
from shared.identity import Principal, Role
from shared.models.gateway import Account
from shared.web import allow, current_principal


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the acts on accounts."""
    one = "/people/<int:person_id>/account"
    acts = f"{one}/<any(disable, enable, reset_second_factor):act>"
    blueprint.add_url_rule(one, "create_account", create_account, methods=["POST"])
    blueprint.add_url_rule(f"{one}/reset", "reset_password", reset_password, methods=["POST"])
    blueprint.add_url_rule(acts, "change_account", change_account, methods=["POST"])


@allow(Role.ADMIN)
def create_account(person_id: int) -> Response | tuple[str, int]:
    """Make an account; its temporary password stands on this page only."""
    actor, form = current_principal(), request.form
    password = temporary_password()
    hashed = hash_password(password)
    try:
        with gateway_database().transaction() as session:
            if account_of(session, actor, person_id) is not None:
                # The form came twice: the first page has shown the password.
                flash(_("这个人已经有账号了。密码只显示一次，没有记下来的，请重置密码。"), "soon")
                return _back(person_id)
            accounts.create_account(
                session, actor, person_id=person_id, username=form.get("username", ""), password_hash=hashed
            )
    except (Invalid, Conflict) as error:
        errors = dict(error.errors) or {"username": [error.detail]}
        return show_person(person_id, errors=errors, form=form), 422
    return _with_password(person_id, password)


@allow(Role.ADMIN)
def reset_password(person_id: int) -> Response | tuple[str, int]:
    """A new temporary password, on this page only; every login of the account ends."""
    password = temporary_password()
    hashed = hash_password(password)
    try:
        with gateway_database().transaction() as session:
            account = _required(session, person_id)
            accounts.reset_password(session, current_principal(), account.id, hashed)
    except Conflict as error:
        return show_person(person_id, errors={GENERAL: [error.detail]}), 409
    return _with_password(person_id, password)


@allow(Role.ADMIN)
def change_account(person_id: int, act: str) -> Response | tuple[str, int]:
    """Close the account, open it again, or take a lost second factor away."""
    actor = current_principal()
    try:
        with gateway_database().transaction() as session:
            account = _required(session, person_id)
            if act == "reset_second_factor":
                second_factor.reset_second_factor(session, actor, account)
                accounts.end_sessions_of(session, account.id)
            elif act == "disable":
                accounts.disable_account(session, actor, account.id)
            else:
                accounts.enable_account(session, actor, account.id)
    except Conflict as error:
        return show_person(person_id, errors={GENERAL: [error.detail]}), 409
    flash(_done_words(act), "done")
    return _back(person_id)


def account_of(session: Session, actor: Principal, person_id: int) -> Account | None:
    """The account of a person of the admin's township."""
    return accounts.accounts_of_people(session, actor, [person_id]).get(person_id)


def _required(session: Session, person_id: int) -> Account:
    account = account_of(session, current_principal(), person_id)
    if account is None:
        raise NotFound(_("这个人还没有账号。"))
    return account


def _done_words(act: str) -> str:
    return {
        "disable": _("账号已停用，正在用的登录都已退出。"),
        "enable": _("账号又可以登录了，密码还是原来的。"),
        "reset_second_factor": _("第二重验证已取消，本人下次登录时重新设置。"),
    }[act]


def _with_password(person_id: int, password: str) -> Response:
    response = make_response(show_person(person_id, password=password))
    response.headers["Cache-Control"] = "no-store"
    return response


def _back(person_id: int) -> Response:
    return redirect(url_for("people.show", person_id=person_id), code=303)
