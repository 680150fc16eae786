"""`/password` and `/second-factor`."""

from __future__ import annotations

import segno
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from services.gateway.accounts.accounts import change_password
from services.gateway.accounts.passwords import hash_password, password_fits, require_good_password
from services.gateway.accounts.second_factor import begin_enrolment, confirm_enrolment
from services.gateway.pages.database import gateway_database
from services.gateway.pages.wording import _
from services.gateway.sessions.cookies import give_session
from services.gateway.sessions.sessions import start_session
from services.gateway.sessions.visitors import current_visitor, forget_visitor
from shared.errors import DomainError, Invalid
from shared.identity import Role
from shared.models.gateway import Account
from shared.web import allow, current_session, writing
from shared.web.refusals import Unauthenticated

blueprint = Blueprint("credentials", __name__)


@blueprint.get("/password")
@allow(Role.PUBLIC)
def show_password() -> str:
    """The form for an own password."""
    _account_id()
    return render_template("credentials/password.html", errors={})


@blueprint.post("/password")
@allow(Role.PUBLIC)
def set_password() -> Response | tuple[str, int]:
    """Set the own password; other logins of the account end, this one goes on under a new session."""
    account_id = _account_id()
    former, chosen = request.form.get("former", ""), request.form.get("password", "")
    with gateway_database().reading() as session:
        account = session.get_one(Account, account_id)
        username, stored = account.username, account.password_hash
    try:
        if not password_fits(stored, former):
            raise Invalid("", errors={"former": [_("现在的密码不对，请重新输入。")]})
        if chosen != request.form.get("again", ""):
            raise Invalid("", errors={"again": [_("两次输入的新密码不一样，请重新输入。")]})
        require_good_password(chosen, username)
    except Invalid as error:
        return render_template("credentials/password.html", errors=error.errors), 422
    new_hash = hash_password(chosen)
    with gateway_database().transaction() as session:
        account = session.get_one(Account, account_id)
        change_password(session, current_visitor().principal, account, new_hash)
        made = start_session(session, account_id=account_id)
    forget_visitor()
    flash(_("新密码已经生效，别处的登录都已退出。"), "done")
    return give_session(make_response(redirect(url_for("login.land"), code=303)), made)


@blueprint.get("/second-factor")
@allow(Role.PUBLIC)
def show_second_factor() -> str:
    """Why, and a button that makes the secret."""
    _account_id()
    return render_template("credentials/second_factor.html", enrolment=None, qr="", errors={})


@blueprint.post("/second-factor")
@allow(Role.PUBLIC)
@writing
def begin_second_factor() -> str:
    """A new secret as QR and in letters; shown once."""
    account = current_session().get_one(Account, _account_id())
    enrolment = begin_enrolment(current_session(), current_visitor().principal, account)
    qr = Markup(segno.make(enrolment.uri, error="m").svg_inline(scale=4, border=2))  # noqa: S704 - segno draws it
    return render_template("credentials/second_factor.html", enrolment=enrolment, qr=qr, errors={})


@blueprint.post("/second-factor/confirm")
@allow(Role.PUBLIC)
@writing
def confirm_second_factor() -> Response | tuple[str, int]:
    """The first code; from now on it is asked for at every login."""
    session, visitor = current_session(), current_visitor()
    account = session.get_one(Account, _account_id())
    try:
        confirm_enrolment(session, visitor.principal, account, request.form.get("code", "").replace(" ", ""))
    except DomainError as error:
        page = render_template(
            "credentials/second_factor.html", enrolment=None, qr="", errors=error.errors or {"code": [error.detail]}
        )
        return page, 422
    forget_visitor()
    flash(_("第二重验证已经生效，以后登录时要输入手机上的 6 位数字。"), "done")
    return redirect(url_for("login.land"), code=303)


def _account_id() -> int:
    account_id = current_visitor().account_id
    if account_id is None:
        raise Unauthenticated(_("请先用账号登录。"))
    return account_id
