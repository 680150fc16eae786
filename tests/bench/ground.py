"""What a part of the bench stands on: a folder, a PostgreSQL cluster of its own with a migrated database, and keys."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.logging import configure_logging
from shared.privacy.keys import ensure_keys
from shared.settings import settings
from tests.bench.run import SERVER
from tests.fixtures.postgresql_cluster import OwnCluster, make_template, url_of_database


@dataclass(frozen=True, slots=True)
class Ground:
    """`url` reaches the migrated database, `plain_url` is the same for psycopg and PostgreSQL's own programs."""

    folder: Path
    cluster: OwnCluster
    url: str

    @property
    def plain_url(self) -> str:
        return plain(self.url)

    @property
    def key_dir(self) -> Path:
        return self.folder / "keys"

    @property
    def environment(self) -> dict[str, str]:
        """What a process of the system gets to work here."""
        return {
            **os.environ,
            "DATABASE_URL": self.url,
            "XZ_DATA_DIR": str(self.folder),
            "XZ_KEY_DIR": str(self.key_dir),
            "XZ_LOG_LEVEL": "WARNING",
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        }


@contextmanager
def bench_ground(name: str, options: Mapping[str, str] | None = None) -> Iterator[Ground]:
    """A ground that is removed at the end; this process's own settings point to it meanwhile."""
    folder = Path(tempfile.mkdtemp(prefix=f"xiangzhi-{name}-"))
    cluster = OwnCluster({**SERVER, "shared_buffers": "512MB", **(options or {})}, on_disk=True)
    try:
        cluster.start()
        made = make_template(cluster.url)
        ground = Ground(folder, cluster, url_of_database(made.url, made.template))
        ensure_keys(ground.key_dir, create=True)
        os.environ.update(ground.environment)
        settings.cache_clear()
        configure_logging("bench")
        yield ground
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def plain(url: str) -> str:
    """A URL without SQLAlchemy's driver."""
    return url.replace("postgresql+psycopg://", "postgresql://")
