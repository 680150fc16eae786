"""Numbers of the place where a service works, looked up when somebody asks: its disk, its backups, its release."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.release import RELEASE
from shared.settings import settings
from shared.topology import Service

# Touched by each backup that has succeeded; its time is the backup's. In a folder of its own, so that containers can
# share it and nothing else.
BACKUP_MARK = "marks/last-backup"


class PlaceCollector(Collector):
    """Of the service's files; unknown numbers are left out rather than shown as 0."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """The metrics, as they are now."""
        yield self._gauge("xiangzhi_release", "1; its label is the release of the code", 1, release=RELEASE)
        folder = settings().data_dir
        yield from self._disk(folder / "files" / self._service)
        yield from self._backup(folder / BACKUP_MARK)

    def _disk(self, files: Path) -> Iterator[Metric]:
        # A service that has stored nothing yet has no folder: its disk is that of the folder where it will be.
        usage = shutil.disk_usage(next(each for each in (files, *files.parents) if each.exists()))
        yield self._gauge("xiangzhi_upload_disk_free_bytes", "Room on the disk of the uploaded files", usage.free)
        yield self._gauge("xiangzhi_upload_disk_bytes", "Size of that disk", usage.total)

    def _backup(self, mark: Path) -> Iterator[Metric]:
        try:
            made_at = mark.stat().st_mtime
        except OSError:
            return
        yield self._gauge("xiangzhi_backup_last_success_timestamp_seconds", "When a backup was last made", made_at)

    def _gauge(self, name: str, documentation: str, value: float, **labels: str) -> Metric:
        family = GaugeMetricFamily(name, documentation, labels=["service", *labels])
        family.add_metric([self._service, *labels.values()], value)
        return family
