"""The gateway's word for who asks: a token for one service, one method, one path and one minute."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jwt

from shared.identity.keys import signing_key, verifying_keys
from shared.identity.principal import Grant, Principal, Role
from shared.topology import Service

ISSUER = "gateway"
LIFETIME_SECONDS = 60
LEEWAY_SECONDS = 60
_ALGORITHM = "EdDSA"


class InvalidToken(Exception):
    """Raised for a token that is forged, stale, or made for another service, method or path. For logs, not people."""


def sign(principal: Principal, service: Service, method: str, path: str, *, key_dir: Path) -> str:
    """A token with which `principal` may send `method` to `path` (without its query) of `service`, for one minute."""
    issued = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": service.value,
        "iat": issued,
        "exp": issued + LIFETIME_SECONDS,
        "mth": method,
        "pth": path,
        "twn": principal.township_id,
        "act": principal.actor,
        "per": principal.person_id,
        "hou": principal.household_id,
        "nam": principal.name,
        "gra": [[grant.role.value, grant.village_id, grant.grid_id, grant.office_id] for grant in principal.grants],
        "rid": principal.request_id,
    }
    return jwt.encode(claims, signing_key(key_dir), algorithm=_ALGORITHM)


def verify(token: str, service: Service, method: str, path: str, *, key_dir: Path) -> Principal:
    """The principal that `token` speaks for. Raises InvalidToken; clocks may differ by a minute."""
    claims = _claims(token, service, key_dir)
    if (claims["mth"], claims["pth"]) != (method, path):
        raise InvalidToken("the token is for another method or path")
    try:
        grants = tuple(Grant(Role(role), village, grid, office) for role, village, grid, office in claims["gra"])
        principal = Principal(
            int(claims["twn"]), str(claims["act"]), claims["per"], claims["hou"], claims["nam"], grants, claims["rid"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidToken(f"the token's claims can't be read: {error}") from error
    if principal.has(Role.SYSTEM):
        raise InvalidToken("tasks do not come over HTTP")
    return principal


def _claims(token: str, service: Service, key_dir: Path) -> dict[str, Any]:
    refusal: Exception | None = None
    for key in verifying_keys(key_dir):
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=service.value,
                issuer=ISSUER,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "aud", "iss", "mth", "pth", "twn", "act"]},
            )
        except jwt.InvalidSignatureError as error:
            refusal = error
        except jwt.InvalidTokenError as error:
            raise InvalidToken(str(error)) from error
    raise InvalidToken("the token was not signed by the gateway") from refusal
