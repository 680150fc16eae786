"""What people type as the names of a certificate."""

from __future__ import annotations

import pytest

from deploy.certificates.names import own_names, read_names
from deploy.certificates.refusal import Refused
from shared.certificates import covers


def test_names_and_addresses_are_taken_once_each_whatever_stands_between_them() -> None:
    assert read_names(" Jifen.Example,192.168.1.10，jifen.example 、fd00::10  [fd00::10]") == [
        "jifen.example",
        "192.168.1.10",
        "fd00::10",
    ]


def test_a_chinese_name_becomes_what_browsers_ask_for() -> None:
    assert read_names("积分.example") == ["xn--kbrv68g.example"]


@pytest.mark.parametrize("wrong", ["https://jifen.example", "jifen.example:8443", "under_score", "-a.example", "a..b"])
def test_what_is_no_name_is_refused_with_it(wrong: str) -> None:
    with pytest.raises(Refused, match="“"):
        read_names(f"jifen.example {wrong}")


def test_the_machine_s_own_names_have_no_loopback_address() -> None:
    assert not [name for name in own_names() if name.startswith("127.") or name in ("::1", "localhost")]


@pytest.mark.parametrize(
    ("host", "is_covered"),
    [
        ("jifen.example", True),
        ("JIFEN.example", True),
        ("other.example", False),
        ("a.village.example", True),
        ("a.b.village.example", False),
        ("village.example", False),
        ("192.168.1.10", True),
        ("192.168.1.1", False),
        ("fd00:0::10", True),
    ],
)
def test_a_certificate_covers_its_names_and_one_label_for_a_star(host: str, is_covered: bool) -> None:
    assert covers(["jifen.example", "*.village.example", "192.168.1.10", "fd00::10"], host) is is_covered
