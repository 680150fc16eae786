"""Who may call a route: recorded on the view, checked before anything of the request is parsed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g

from shared.errors import Forbidden
from shared.identity import Principal, Role
from shared.web.refusals import Unauthenticated

View = TypeVar("View", bound=Callable[..., Any])
_ROLES = "allowed_roles"


def current_principal() -> Principal:
    """Who asks: from the gateway's token in a service, from the session in the gateway.

    Raises Unauthenticated where a service gets no valid token.
    """
    if "principal" not in g:
        authenticate = current_app.extensions["xiangzhi.authenticate"]
        g.principal = authenticate()
    return cast(Principal, g.principal)


def allow(*roles: Role) -> Callable[[View], View]:
    """Let in whoever holds one of `roles` anywhere; the domain checks where they hold. `Role.PUBLIC` lets all in.

    Stands between the route and everything else, so that nobody else's input is even parsed.
    """
    if not roles or Role.SYSTEM in roles:
        raise ValueError("a route names the roles that may call it; tasks call the domain, not routes")
    allowed = frozenset(roles)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            require_role(current_principal(), allowed)
            return view(*args, **kwargs)

        setattr(guarded, _ROLES, allowed)
        guarded._apidoc = {**getattr(view, "_apidoc", {}), "roles": sorted(allowed)}  # type: ignore[attr-defined]
        return cast(View, guarded)

    return decorate


def require_role(principal: Principal, allowed: frozenset[Role]) -> None:
    """Raise Unauthenticated for the public, Forbidden for the others, unless one of `allowed` is held."""
    if Role.PUBLIC in allowed or principal.has(*allowed):
        return
    if principal.roles == {Role.PUBLIC}:
        raise Unauthenticated("请先登录，再做这件事。登录后会回到这里。")
    raise Forbidden("您的职责不包括这项工作。如需办理，请联系乡镇管理员。")


def unguarded(view: View) -> View:
    """Mark a route that needs no token at all: probes and metrics on inner ports, files of the design."""
    setattr(view, _ROLES, frozenset[Role]())
    return view


def roles_of(view: Callable[..., Any]) -> frozenset[Role] | None:
    """The roles recorded on `view`: empty for unguarded routes, None where nothing was said."""
    return cast("frozenset[Role] | None", getattr(view, _ROLES, None))


def routes_without_access(app: Flask) -> list[str]:
    """Rules of `app` that do not say who may call them; a test demands that there is none."""
    return sorted(
        f"{rule.rule} ({rule.endpoint})"
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and roles_of(app.view_functions[rule.endpoint]) is None
    )
