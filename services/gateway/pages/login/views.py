"""`/login`, `/logout`: sessions for people with a browser."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.gateway.pages.answers import GENERAL
from services.gateway.pages.database import gateway_database
from services.gateway.pages.login.demo import demo_login_of, demo_logins
from services.gateway.pages.reading import local_path
from services.gateway.sessions.cookies import give_session, session_token, take_session
from services.gateway.sessions.login import CodeRequired, log_in, log_in_as_demo
from services.gateway.sessions.sessions import SET_PASSWORD, SET_SECOND_FACTOR, NewSession, end_session
from services.gateway.sessions.visitors import current_visitor, forget_visitor
from shared.errors import DomainError, NotFound, TooMany
from shared.identity import Role
from shared.web import allow, current_principal, current_session, writing

blueprint = Blueprint("login", __name__)


@blueprint.get("/login")
@allow(Role.PUBLIC)
def show() -> str | AnyResponse:
    """The form; whoever is logged in already goes where they belong."""
    if current_visitor().signed_in:
        return redirect(landing(), code=303)
    return _form({}, "", local_path(request.args.get("back")))


@blueprint.post("/login")
@allow(Role.PUBLIC)
def enter() -> AnyResponse | tuple[str, int]:
    """Log in by user name and password; an error gives the form back filled in, without the password."""
    form = request.form
    username, back = form.get("username", ""), local_path(form.get("back"))
    try:
        made = log_in(
            gateway_database(),
            username=username,
            password=form.get("password", ""),
            code=form.get("code") or None,
            address=request.remote_addr or "unknown",
        )
    except CodeRequired as error:
        return _form(error.errors, username, back, ask_code=True), 422
    except DomainError as error:
        status = 429 if isinstance(error, TooMany) else 401
        return _form({GENERAL: [error.detail]}, username, back, ask_code="code" in form), status
    return begin(made, back)


@blueprint.post("/login/demo")
@allow(Role.PUBLIC)
def enter_demo() -> AnyResponse:
    """Log in by a demo button. Raises NotFound where there is no such demo account."""
    township_id = current_principal().township_id
    made = log_in_as_demo(gateway_database(), username=request.form.get("username", ""), township_id=township_id)
    return begin(made, "/")


@blueprint.post("/logout")
@allow(Role.PUBLIC)
@writing
def leave() -> AnyResponse:
    """End the session."""
    if token := session_token():
        end_session(current_session(), token)
    forget_visitor()
    return take_session(make_response(redirect(url_for("public.home"), code=303)))


def demo_session(role: Role) -> NewSession:
    """A session of the demo account of `role`. Raises NotFound."""
    principal = current_principal()
    with gateway_database().reading() as session:
        found = demo_login_of(session, principal.township_id, role)
    if found is None:
        raise NotFound("这里没有这个演示身份。")
    return log_in_as_demo(gateway_database(), username=found.username, township_id=principal.township_id)


def begin(made: NewSession, back: str) -> Response:
    """Keep the new session and go on: to what is pending, to the page that was asked for, or to where one lands."""
    if former := session_token():
        with gateway_database().transaction() as session:
            end_session(session, former)
    response = make_response(redirect(back if back != "/" else url_for("login.land"), code=303))
    return give_session(response, made)


@blueprint.get("/landing")
@allow(Role.PUBLIC)
def land() -> AnyResponse:
    """Where this person belongs after logging in."""
    return redirect(landing(), code=303)


def landing() -> str:
    """待办 for everybody with a duty, the own statement for residents, and first of all what is pending."""
    visitor = current_visitor()
    if SET_PASSWORD in visitor.pending:
        return url_for("credentials.show_password")
    if SET_SECOND_FACTOR in visitor.pending:
        return url_for("credentials.show_second_factor")
    if visitor.principal.has(Role.RESIDENT):
        return url_for("households.own")
    return url_for("todo.show") if visitor.signed_in else url_for("public.home")


def _form(errors: dict[str, list[str]], username: str, back: str, *, ask_code: bool = False) -> str:
    principal = current_principal()
    logins = demo_logins(current_session(), principal.township_id)
    return render_template(
        "login/show.html", errors=errors, username=username, back=back, ask_code=ask_code, demo_logins=logins
    )
