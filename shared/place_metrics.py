"""Numbers of the place where a service works, looked up when somebody asks: its disk, its backups, its release."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.release import RELEASE
from shared.settings import settings

# Touched by each backup that has succeeded; its time is the backup's.
BACKUP_MARK = "last-backup"


class PlaceCollector(Collector):
    """Of the process's own data folder; unknown numbers are left out rather than shown as 0."""

    def collect(self) -> Iterator[Metric]:
        """The metrics, as they are now."""
        release = GaugeMetricFamily("xiangzhi_release", "1; its label is the release of the code", labels=["release"])
        release.add_metric([RELEASE], 1)
        yield release
        folder = settings().data_dir
        yield from self._disk(folder)
        yield from self._backup(folder / BACKUP_MARK)

    def _disk(self, folder: Path) -> Iterator[Metric]:
        try:
            usage = shutil.disk_usage(folder)
        except OSError:
            return
        yield GaugeMetricFamily(
            "xiangzhi_upload_disk_free_bytes", "Room for uploads on the disk of the data folder", value=usage.free
        )
        yield GaugeMetricFamily("xiangzhi_upload_disk_bytes", "Size of that disk", value=usage.total)

    def _backup(self, mark: Path) -> Iterator[Metric]:
        try:
            made_at = mark.stat().st_mtime
        except OSError:
            return
        yield GaugeMetricFamily(
            "xiangzhi_backup_last_success_timestamp_seconds", "When a backup was last made", value=made_at
        )
