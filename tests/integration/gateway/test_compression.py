"""Pages leave compressed, and their length tells nothing about what must stay unknown."""

from __future__ import annotations

import gzip
import re

import pytest
from werkzeug.test import TestResponse

from services.gateway.pages.assets import current_digest
from tests.integration.gateway.conftest import House

TAKES_GZIP = {"Accept-Encoding": "gzip, deflate, br"}
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def is_squeezed(answer: TestResponse) -> bool:
    """Whether the answer says so, and is."""
    squeezed = answer.headers.get("Content-Encoding") == "gzip"
    assert squeezed == answer.data.startswith(b"\x1f\x8b")
    return squeezed


def test_a_page_is_squeezed_for_whoever_takes_gzip_and_is_the_same_page(house: House) -> None:
    client = house.client()
    plain, squeezed = client.get("/"), client.get("/", headers=TAKES_GZIP)
    assert is_squeezed(squeezed)
    assert not is_squeezed(plain)
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Accept-Encoding" in squeezed.headers["Vary"]
    assert int(squeezed.headers["Content-Length"]) == len(squeezed.data) < len(plain.data) / 2
    assert TOKEN.sub("", gzip.decompress(squeezed.data).decode()) == TOKEN.sub("", plain.text)


@pytest.mark.parametrize("offered", ["", "br", "gzip;q=0", "identity, gzip;q=0.5", "*;q=0"])
def test_whoever_does_not_take_gzip_gets_the_page_as_it_is(house: House, offered: str) -> None:
    assert not is_squeezed(house.client().get("/", headers={"Accept-Encoding": offered}))


def test_the_token_of_forms_is_another_text_in_each_answer_and_one_within_it(house: House) -> None:
    client = house.log_in()
    first, second = (set(TOKEN.findall(client.get("/todo").text)) for _ in range(2))
    raw = client.environ_base.pop("HTTP_X_CSRF_TOKEN")
    assert len(first) == len(second) == 1
    assert first != second
    assert raw not in first | second
    for token in (*first, *second):
        assert client.post("/reading/size", data={"csrf_token": token, "back": "/"}).status_code == 303


@pytest.mark.parametrize("spoil", [lambda token: token[:-8], lambda token: token[::-1], lambda token: token + "AAAA"])
def test_a_masked_token_that_was_changed_is_refused(house: House, spoil: object) -> None:
    client = house.log_in()
    del client.environ_base["HTTP_X_CSRF_TOKEN"]
    [token] = set(TOKEN.findall(client.get("/todo").text))
    assert callable(spoil)
    assert client.post("/reading/size", data={"csrf_token": spoil(token), "back": "/"}).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_makes_a_signed_in_browser_open_is_not_squeezed(house: House, site: str) -> None:
    sent = {**TAKES_GZIP, "Sec-Fetch-Site": site}
    member = house.log_in()
    assert not is_squeezed(member.get("/todo", headers=sent))
    assert is_squeezed(member.get("/todo", headers={**TAKES_GZIP, "Sec-Fetch-Site": "same-origin"}))
    # Without a session there is nothing to learn.
    assert is_squeezed(house.client().get("/", headers=sent))


def test_what_nobody_may_keep_is_not_squeezed(house: House) -> None:
    answer = house.client().get("/no-such-page", headers={**TAKES_GZIP, "Accept": "text/html"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")
    assert not is_squeezed(answer)


def test_the_answer_of_the_api_that_holds_the_token_is_not_squeezed(house: House) -> None:
    assert not is_squeezed(house.log_in().get("/api/session", headers=TAKES_GZIP))


@pytest.mark.parametrize("address", [f"/assets/{current_digest()}/xiangzhi.css", "/api/docs/swagger-ui.css"])
def test_a_file_has_a_name_for_each_encoding_and_is_sent_once(house: House, address: str) -> None:
    client = house.client()
    plain, squeezed = client.get(address), client.get(address, headers=TAKES_GZIP)
    assert is_squeezed(squeezed)
    assert gzip.decompress(squeezed.data) == plain.data
    assert squeezed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert squeezed.headers["ETag"] != plain.headers["ETag"]
    again = client.get(address, headers={**TAKES_GZIP, "If-None-Match": squeezed.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(address, headers={"If-None-Match": squeezed.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize("name", ["../app.py", "no-such-file.css", "js", "%2e%2e/app.py"])
def test_only_files_of_the_design_are_served(house: House, name: str) -> None:
    assert house.client().get(f"/assets/{current_digest()}/{name}").status_code == 404
