"""What is limited, and what counts as one address."""

from __future__ import annotations

import pytest

from services.gateway.limits.acts import ACTS, UPLOAD, Act, act_of
from services.gateway.limits.addresses import UNKNOWN, group_of
from services.gateway.limits.attempts import KEPT_HOURS
from shared.models.gateway import LoginAttempt


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("2001:db8:1:2::1", "2001:0DB8:0001:0002:0:0:0:9%eth0"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "not an address"),
        ("192.0.2.7:4711", "' OR 1=1"),
    ],
)
def test_counted_as_one_address(one: str, other: str) -> None:
    assert group_of(one) == group_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("192.0.2.7", "192.0.2.8"), ("2001:db8:1:2::1", "2001:db8:1:3::1"), ("::ffff:192.0.2.7", "::ffff:192.0.2.8")],
)
def test_counted_as_two_addresses(one: str, other: str) -> None:
    assert UNKNOWN not in {group_of(one), group_of(other)}
    assert group_of(one) != group_of(other)


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/demands/new", "demand"),
        ("POST", "/api/intake/demands", "demand"),
        ("POST", "/api/intake/demands/follow", "look_up"),
        ("POST", "/api/petitions/track", "look_up"),
        ("POST", "/api/accounts/7/reset", "reset"),
        ("POST", "/registry/households/12/card/pin", "reset"),
        ("POST", "/registry/households/12/open", "opening"),
        ("POST", "/api/points/exports", "export"),
        ("HEAD", "/revisions/3/lines.xlsx", "export"),
    ],
)
def test_an_act_is_found_by_method_and_path(method: str, path: str, name: str) -> None:
    act = act_of(method, path)
    assert act is not None
    assert act.name == name


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/demands/new"), ("GET", "/api/intake/demands"), ("POST", "/api/intake/demands/1/2/phone"), ("GET", "/")],
)
def test_whoever_reads_is_not_counted(method: str, path: str) -> None:
    assert act_of(method, path) is None


@pytest.mark.parametrize("act", [*ACTS, UPLOAD], ids=lambda act: act.name)
def test_what_is_counted_fits_its_column_and_is_kept_for_its_window(act: Act) -> None:
    longest = max(f"{act.name}:address:{'f' * 32}", f"{act.name}:household:{2**63 - 1}", key=len)
    assert len(longest) <= (LoginAttempt.subject.type.length or 0)
    assert act.seconds <= KEPT_HOURS * 3600
