"""Which headers go through the gateway."""

from __future__ import annotations

import pytest

from services.gateway.proxy.headers import inward, outward


@pytest.mark.parametrize(
    "name",
    [
        "Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Proxy-Authorization",
        "Proxy-Connection", "Authorization", "Cookie", "Host", "Expect", "Forwarded", "X-Forwarded-For",
        "X-Forwarded-Proto", "X-Real-IP", "X-CSRF-Token", "X-Request-ID",
    ],
)  # fmt: skip
def test_what_a_service_does_not_get(name: str) -> None:
    assert inward([(name, "x"), (name.lower(), "y"), ("Accept", "a/b")]) == {"Accept": "a/b"}


def test_what_the_connection_header_names_goes_with_it() -> None:
    headers = [("Connection", "keep-alive, X-Hop"), ("x-hop", "1"), ("If-Match", '"v1"'), ("Idempotency-Key", "k")]
    assert inward(headers) == {"If-Match": '"v1"', "Idempotency-Key": "k"}


@pytest.mark.parametrize("name", ["X Y", "X\r\nEvil", "", "X:Y", "X-中"])
def test_names_that_are_none_are_dropped(name: str) -> None:
    assert inward([(name, "1")]) == {}


@pytest.mark.parametrize("value", ["a\r\nEvil: 1", "a\nb", "a\0b"])
def test_values_with_line_breaks_are_dropped(value: str) -> None:
    assert inward([("X-Good", value)]) == {}


def test_what_a_client_does_not_get() -> None:
    answer = {"Set-Cookie": "a=b", "Server": "s", "Date": "d", "Connection": "close", "ETag": '"v1"', "Location": "/x"}
    assert outward(answer) == {"ETag": '"v1"', "Location": "/x"}
