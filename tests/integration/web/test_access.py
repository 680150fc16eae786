"""Tokens and roles: a service trusts the gateway's word for this request, and nothing else."""

from __future__ import annotations

import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.identity import Grant, Principal, Role
from shared.identity.keys import rotate_token_keys, signing_key
from shared.identity.tokens import sign
from shared.privacy.keys import ensure_keys
from shared.topology import Service
from shared.web import ServiceApp, routes_without_access
from tests.fixtures.calls import Call

CADRE = Principal(1, "account:7", person_id=5, grants=(Grant(Role.CADRE, 1),), request_id="rid-00000001")
PATH = "/api/points/who"


def ask(app: ServiceApp, token: str | None, path: str = PATH, method: str = "GET") -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return app.test_client().open(path, method=method, headers=headers).status_code


def forged(key_dir: Path, **changes: object) -> str:
    token = sign(CADRE, Service.POINTS, "GET", PATH, key_dir=key_dir)
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode({**claims, **changes}, signing_key(key_dir), algorithm="EdDSA")


def test_the_token_says_who_asks(service_app: ServiceApp, call: Call) -> None:
    answer = call(service_app, Service.POINTS, CADRE, "GET", PATH)
    assert answer.json == {"actor": "account:7", "roles": ["cadre"], "person": 5, "request": "rid-00000001"}


def test_the_query_is_not_part_of_the_token(service_app: ServiceApp, key_dir: Path) -> None:
    assert ask(service_app, sign(CADRE, Service.POINTS, "GET", PATH, key_dir=key_dir), f"{PATH}?a=1") == 200


def test_without_a_token_nothing_opens(service_app: ServiceApp) -> None:
    assert ask(service_app, None) == 401
    assert ask(service_app, "nonsense") == 401
    assert service_app.test_client().get(PATH, headers={"Authorization": "Basic YTpi"}).status_code == 401


def test_a_token_for_another_service_method_or_path_is_refused(service_app: ServiceApp, key_dir: Path) -> None:
    assert ask(service_app, sign(CADRE, Service.INTAKE, "GET", PATH, key_dir=key_dir)) == 401
    assert ask(service_app, sign(CADRE, Service.POINTS, "POST", PATH, key_dir=key_dir)) == 401
    assert ask(service_app, sign(CADRE, Service.POINTS, "GET", "/api/points/count", key_dir=key_dir)) == 401


def test_a_token_lives_a_minute_and_a_minute_of_leeway(service_app: ServiceApp, key_dir: Path) -> None:
    issued = int(time.time())
    assert ask(service_app, forged(key_dir, iat=issued - 110, exp=issued - 50)) == 200
    assert ask(service_app, forged(key_dir, iat=issued - 130, exp=issued - 70)) == 401
    assert ask(service_app, forged(key_dir, iat=issued + 300, exp=issued + 360)) == 401


def test_a_token_of_another_key_is_refused(service_app: ServiceApp, key_dir: Path) -> None:
    claims = jwt.decode(sign(CADRE, Service.POINTS, "GET", PATH, key_dir=key_dir), options={"verify_signature": False})
    assert ask(service_app, jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA")) == 401
    assert ask(service_app, jwt.encode(claims, None, algorithm="none")) == 401
    assert ask(service_app, jwt.encode(claims, "public key as a secret of thirty-two bytes", algorithm="HS256")) == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"gra": [["emperor", None, None, None]]},
        {"gra": [["system", None, None, None]]},
        {"gra": "admin"},
        {"twn": "everywhere"},
        {"iss": "someone"},
    ],
)
def test_claims_that_make_no_sense_are_refused(
    service_app: ServiceApp, key_dir: Path, changes: dict[str, object]
) -> None:
    assert ask(service_app, forged(key_dir, **changes)) == 401


def test_a_rotated_key_keeps_the_one_before_for_a_while(tmp_path: Path) -> None:
    from shared.identity.tokens import InvalidToken, verify

    ensure_keys(tmp_path, create=True)
    old = sign(CADRE, Service.POINTS, "GET", PATH, key_dir=tmp_path)
    rotate_token_keys(tmp_path)
    assert verify(old, Service.POINTS, "GET", PATH, key_dir=tmp_path).actor == "account:7"
    rotate_token_keys(tmp_path)
    with pytest.raises(InvalidToken):
        verify(old, Service.POINTS, "GET", PATH, key_dir=tmp_path)


def test_roles_are_checked_before_the_body_is_read(service_app: ServiceApp, call: Call) -> None:
    resident = Principal(1, "household:1", household_id=1, grants=(Grant(Role.RESIDENT, 1),))
    broken = {"data": "{", "content_type": "application/json"}
    as_public = call(service_app, Service.POINTS, Principal(1), "POST", "/api/points/things", **broken)
    as_resident = call(service_app, Service.POINTS, resident, "POST", "/api/points/things", **broken)
    assert (as_public.status_code, as_resident.status_code) == (401, 403)


def test_every_route_says_who_may_call_it(service_app: ServiceApp) -> None:
    assert routes_without_access(service_app) == []

    @service_app.get("/forgotten")
    def forgotten() -> str:
        return ""

    assert routes_without_access(service_app) == ["/forgotten (forgotten)"]


def test_probes_and_metrics_need_no_token(service_app: ServiceApp, call: Call) -> None:
    client = service_app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json == {"status": "ok", "service": "points", "database": "ok"}
    client.get("/api/points/free")
    assert 'route="/api/points/free"' in client.get("/metrics").text


def test_a_database_behind_the_code_is_not_ready(service_app: ServiceApp) -> None:
    from sqlalchemy import text

    with service_app.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001_registry'"))
    assert service_app.test_client().get("/readyz").status_code == 503
    with service_app.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_of_a_later_release'"))
    assert service_app.test_client().get("/readyz").status_code == 200
