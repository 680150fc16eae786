"""A certificate from elsewhere is taken only when phones will accept it; what is wrong is said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deploy.certificates.checks import check
from deploy.certificates.refusal import Refused
from tests.fixtures.certificates import Signed, sign

NAMES = ("jifen.example", "192.168.1.10")


@pytest.fixture
def root() -> Signed:
    return sign("县根证书", is_authority=True)


@pytest.fixture
def middle(root: Signed) -> Signed:
    return sign("县中间证书", root, is_authority=True)


def test_a_chain_in_order_with_its_key_is_good(middle: Signed, root: Signed) -> None:
    own = sign("jifen.example", middle, names=NAMES)
    check([own.certificate, middle.certificate, root.certificate], own.key, NAMES)
    check([own.certificate], own.key)


def test_another_key_is_refused(root: Signed) -> None:
    own = sign("jifen.example", root, names=NAMES)
    with pytest.raises(Refused, match="不是一对"):
        check([own.certificate], root.key)


def test_a_chain_that_begins_with_the_issuer_is_refused(middle: Signed) -> None:
    own = sign("jifen.example", middle, names=NAMES)
    with pytest.raises(Refused, match="服务器的证书要放在最前面"):
        check([middle.certificate, own.certificate], own.key)


def test_a_chain_out_of_order_names_the_two(middle: Signed, root: Signed) -> None:
    own = sign("jifen.example", middle, names=NAMES)
    with pytest.raises(Refused, match="第 1 张“jifen.example”不是第 2 张“县根证书”签发的"):
        check([own.certificate, root.certificate, middle.certificate], own.key)


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        ({"begins": timedelta(days=-9), "ends": timedelta(seconds=-1)}, "就到期了"),
        ({"begins": timedelta(hours=1)}, "才有效"),
        ({"ends": timedelta(days=825)}, "超过 825 天"),
    ],
)
def test_dates_that_phones_refuse_are_refused(root: Signed, times: dict[str, timedelta], sentence: str) -> None:
    own = sign("jifen.example", root, names=NAMES, **times)  # type: ignore[arg-type]
    with pytest.raises(Refused, match=sentence):
        check([own.certificate], own.key)


def test_an_expired_certificate_in_the_chain_is_refused() -> None:
    issuer = sign("旧中间证书", is_authority=True, begins=timedelta(days=-9), ends=timedelta(days=-1))
    own = sign("jifen.example", issuer, names=NAMES)
    with pytest.raises(Refused, match="旧中间证书”.*就到期了"):
        check([own.certificate, issuer.certificate], own.key)


def test_a_certificate_that_is_not_for_servers_is_refused(root: Signed) -> None:
    own = sign("张三", root, names=NAMES, for_servers=False)
    with pytest.raises(Refused, match="不是给网站用的"):
        check([own.certificate], own.key)


def test_names_that_it_does_not_cover_are_listed(root: Signed) -> None:
    own = sign("jifen.example", root, names=NAMES)
    with pytest.raises(Refused, match="证书里没有 other.example、10.0.0.1.*证书管的是：jifen.example、192.168.1.10"):
        check([own.certificate], own.key, ["jifen.example", "other.example", "10.0.0.1"])
