"""The port without HTTPS: one page, and the way to the rest."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from services.gateway.doorstep import Doorstep

PUBLIC = "https://jifen.example:8443"


@pytest.fixture
def client() -> Client:
    def gateway(environ: dict[str, Any], start_response: Any) -> Any:
        return Response(f"page {environ['PATH_INFO']}")(environ, start_response)

    return Client(Doorstep(gateway, PUBLIC, ["jifen.example", "192.168.1.10", "fd00::10"]))


@pytest.mark.parametrize("path", ["/certificate", "/certificate/ca.crt", "/assets/abc/xiangzhi.css", "/healthz"])
def test_the_installation_page_is_answered(client: Client, path: str) -> None:
    assert client.get(path).text == f"page {path}"


@pytest.mark.parametrize(
    ("base", "path", "target"),
    [
        ("http://jifen.example:8000", "/", "https://jifen.example:8443/"),
        ("http://192.168.1.10:8000", "/card/abc?x=1&y=2", "https://192.168.1.10:8443/card/abc?x=1&y=2"),
        ("http://[fd00::10]:8000", "/login", "https://[fd00::10]:8443/login"),
        ("http://evil.example", "/login", "https://jifen.example:8443/login"),
        ("http://jifen.example", "/查?q=%E7%9F%B3", "https://jifen.example:8443/%E6%9F%A5?q=%E7%9F%B3"),
        ("http://jifen.example", "/certificates", "https://jifen.example:8443/certificates"),
    ],
)
def test_everything_else_leads_to_the_same_page_over_https(client: Client, base: str, path: str, target: str) -> None:
    answer = client.get(path, base_url=base)
    assert (answer.status_code, answer.headers["Location"]) == (307, target)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/login", "/certificate", "/api/session"])
def test_what_is_sent_is_not_taken_and_not_sent_on(client: Client, path: str) -> None:
    answer = client.post(path, data={"password": "山里的茶园"})
    assert answer.status_code == 403
    assert "没有提交" in answer.text
    assert PUBLIC in answer.text
