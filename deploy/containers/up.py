"""`make up`: everything that the containers need, and then they; returns when all are well.

python3 -m deploy.containers.up [--monitoring 1|prometheus]

The first start builds the image of this checkout and notes its version in .env; later ones start that version again.
"""

from __future__ import annotations

import argparse
import sys
import time

from deploy.containers import routes
from deploy.containers.dotenv import write_dotenv
from deploy.containers.engine import PROJECT, CannotRun, compose, containers, setting, wait_until_well
from deploy.containers.image import build_image, has_image, this_version
from deploy.containers.secrets import certificate_dir, ensure_secrets, place_certificate, secrets_dir

_PROFILES = {"1": "monitoring", "prometheus": "prometheus"}


def up(*, profile: str | None = None) -> str:
    """Start what is not running, of this profile too, and return the version. Raises CannotRun."""
    folder = secrets_dir()
    ensure_secrets(folder)
    is_new_certificate = place_certificate(certificate_dir(), folder)
    (PROJECT / setting("XZ_CALENDAR_DIR", "calendar")).mkdir(exist_ok=True)
    version = choose_version()
    if not has_image(version):
        build_image(version)
    write_dotenv(PROJECT / ".env", {"XZ_VERSION": version})
    was_running = any(each.state == "running" for each in containers("nginx"))
    compose(*(["--profile", profile] if profile else []), "up", "--detach", "--no-build", version=version)
    wait_until_well()
    if was_running and is_new_certificate:
        routes.reload()
    return version


def choose_version() -> str:
    """The version that runs here, or at the first start the one of this checkout."""
    return setting("XZ_VERSION", "") or this_version()


def main() -> int:
    """Start, and say where the pages are; exit code 1 with one sentence."""
    parser = argparse.ArgumentParser(prog="make up")
    parser.add_argument("--monitoring", choices=sorted(_PROFILES), help="1: Prometheus and Grafana too")
    options = parser.parse_args()
    started = time.monotonic()
    try:
        version = up(profile=_PROFILES.get(options.monitoring))
    except CannotRun as reason:
        print(reason, file=sys.stderr)
        return 1
    address = setting("XZ_PUBLIC_URL", "https://localhost")
    print(f"{address} 已就绪（{version}，{time.monotonic() - started:.0f} 秒）。Ready.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
