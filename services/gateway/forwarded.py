"""`X-Forwarded-*`: believed from our own proxies, dropped from everybody else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.middleware.proxy_fix import ProxyFix


class Forwarded:
    """Puts the client's address, scheme and host where Flask looks, as the nearest `hops` proxies state them.

    What a client writes into the headers itself stands further left and is never reached. With `networks`, a
    connection that comes from elsewhere has passed by the proxies, and its headers are not looked at.
    """

    def __init__(self, app: WSGIApplication, hops: int, networks: Sequence[IPv4Network | IPv6Network]) -> None:
        self._direct = app
        self._behind = ProxyFix(app, x_for=hops, x_proto=hops, x_host=hops)
        self._networks = networks

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        inner = self._behind if self._is_proxy(environ.get("REMOTE_ADDR", "")) else self._direct
        return inner(environ, start_response)

    def _is_proxy(self, address: str) -> bool:
        if not self._networks:
            return True
        try:
            found = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network for network in self._networks)
