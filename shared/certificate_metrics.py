"""For how long the server's certificate still holds, found out when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.certificates import server_certificate
from shared.settings import settings


class CertificateCollector(Collector):
    """Reads the file each time: a renewed certificate counts at once. No number where there is no certificate."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The one number; below 0 once the certificate has ended."""
        found = server_certificate(settings().certificate_dir)
        if found is not None:
            yield GaugeMetricFamily(
                "xiangzhi_certificate_expiry_seconds",
                "Seconds until the server's certificate ends",
                value=found.left.total_seconds(),
            )
