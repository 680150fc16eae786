"""The port without encryption, beside the one with it: the page that installs the township's CA, and the way to HTTPS.

A phone can't fetch the CA over the HTTPS that it does not trust yet. Nothing else is answered here, so that no
password and no record ever travels in the clear: `granian --interface wsgi services.gateway.doorstep:create_app`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, urlsplit

from werkzeug.wrappers import Request, Response

from services.gateway.app import create_app as create_gateway
from shared.certificates import server_certificate
from shared.settings import settings

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

_ANSWERED = (
    "/certificate",
    "/certificate/sheet",
    "/certificate/ca.crt",
    "/certificate/ca.mobileconfig",
    "/healthz",
)
_ANSWERED_UNDER = "/assets/"
_PLAIN = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}


def create_app() -> Application:
    """The gateway, of which only the installation page is shown."""
    certificate = server_certificate(settings().certificate_dir)
    return Doorstep(create_gateway(), settings().gateway_public_url, certificate.names if certificate else ())


class Doorstep:
    """Sends whoever reads something else to `public_url`; whoever sends something is told that it was not taken."""

    def __init__(self, gateway: Application, public_url: str, names: Iterable[str]) -> None:
        self._gateway = gateway
        self._public = urlsplit(public_url)
        self._names = frozenset(names)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        if request.method not in ("GET", "HEAD"):
            return _refusal(self._public.geturl())(environ, start_response)
        if request.path in _ANSWERED or request.path.startswith(_ANSWERED_UNDER):
            return self._gateway(environ, start_response)
        # Not for ever: browsers would go on doing it when HTTPS has been switched off again.
        moved = Response(status=307, headers={"Location": self._encrypted(request), **_PLAIN})
        return moved(environ, start_response)

    def _encrypted(self, request: Request) -> str:
        """The same page over HTTPS, under the name that was asked for if the certificate has it."""
        asked = _without_port(request.host)
        host = asked if asked in self._names else self._public.hostname or ""
        name = f"[{host}]" if ":" in host else host
        port = f":{self._public.port}" if self._public.port else ""
        query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
        return f"https://{name}{port}{quote(request.path)}{query}"


def _without_port(host: str) -> str:
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _refusal(public_url: str) -> Response:
    sentence = f"没有提交：这个网址没有加密，填的内容别人可能看到。请打开 {public_url} 重新填写。"
    return Response(sentence, status=403, mimetype="text/plain", headers=_PLAIN)
