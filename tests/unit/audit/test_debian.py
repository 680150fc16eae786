"""Debian's packages and the order of their versions."""

from __future__ import annotations

import pytest

from deploy.audit.image.debian import Package, installed_packages, is_older
from tests.unit.audit.images import STATUS


def test_installed_packages_are_read_with_the_source_that_debian_counts_by() -> None:
    assert installed_packages(STATUS) == [
        Package("libssl3", "3.0.15-1~deb12u1", "openssl", "3.0.15-1~deb12u1"),
        Package("zlib1g", "1:1.2.13.dfsg-1+b1", "zlib", "1:1.2.13.dfsg-1"),
    ]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.9", "1.10"),
        ("1.0~rc1", "1.0"),
        ("1.0", "1.0a"),
        ("1.0a", "1.0+b1"),
        ("9.9", "1:0.1"),
        ("3.0.15-1~deb12u1", "3.0.15-1"),
        ("3.0.15-1~deb12u1", "3.0.15-1~deb12u2"),
        ("1.2-9", "1.2-10"),
        ("1.2", "1.2-1"),
        ("1.0~~", "1.0~"),
        ("1-2-3", "1-10-1"),
        ("2.36-9+deb12u9", "2.36-9+deb12u10"),
    ],
)
def test_versions_come_in_debians_order(older: str, newer: str) -> None:
    assert is_older(older, newer)
    assert not is_older(newer, older)


@pytest.mark.parametrize(("one", "same"), [("1.0", "1.0"), ("0:1.0", "1.0"), ("1.0-0", "1.0"), ("1.01", "1.1")])
def test_versions_that_are_the_same_are_neither_older(one: str, same: str) -> None:
    assert not is_older(one, same)
    assert not is_older(same, one)
