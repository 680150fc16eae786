"""大字版 and the way back to the page."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from services.gateway.pages.reading import local_path
from tests.unit.pages.conftest import SignIn


@pytest.mark.parametrize(
    "offered", ["//elsewhere.example", "https://elsewhere.example/", "/\\elsewhere", "", None, "x"]
)
def test_nobody_is_sent_to_another_site(offered: str | None) -> None:
    assert local_path(offered) == "/"


@pytest.mark.parametrize("offered", ["/", "/boards?quarter=2026Q3", "/households/3"])
def test_a_path_of_this_site_is_kept(offered: str) -> None:
    assert local_path(offered) == offered


def token_of(client: FlaskClient, path: str) -> str:
    page = client.get(path).text
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def test_large_type_stays_chosen_and_can_be_left(browser: SignIn) -> None:
    client = browser()
    form = {"csrf_token": token_of(client, "/card"), "back": "/card"}
    answer = client.post("/reading/size", data=form)
    assert (answer.status_code, answer.location) == (303, "/card")
    assert 'class="large"' in client.get("/card").text
    client.post("/reading/size", data=form)
    assert 'class="large"' not in client.get("/card").text
