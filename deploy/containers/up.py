"""`make up`: everything that the containers need, and then they; returns when all are well.

python3 -m deploy.containers.up [--monitoring]

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


def up(*, monitoring: bool = False) -> str:
    """Start what is not running and return the version. Raises CannotRun."""
    folder = secrets_dir()
    ensure_secrets(folder)
    is_new_certificate = place_certificate(certificate_dir(), folder)
    (PROJECT / setting("XZ_CALENDAR_DIR", "calendar")).mkdir(exist_ok=True)
    version = setting("XZ_VERSION", "")
    if not version or not has_image(version):
        version = version or this_version()
        build_image(version)
        write_dotenv(PROJECT / ".env", {"XZ_VERSION": version})
    was_running = any(each.state == "running" for each in containers("nginx"))
    profile = ["--profile", "monitoring"] if monitoring else []
    compose(*profile, "up", "--detach", "--no-build", version=version)
    wait_until_well()
    if was_running and is_new_certificate:
        routes.reload()
    return version


def main() -> int:
    """Start, and say where the pages are; exit code 1 with one sentence."""
    parser = argparse.ArgumentParser(prog="make up")
    parser.add_argument("--monitoring", action="store_true", help="Prometheus and Grafana too")
    options = parser.parse_args()
    started = time.monotonic()
    try:
        version = up(monitoring=options.monitoring)
    except CannotRun as reason:
        print(reason, file=sys.stderr)
        return 1
    address = setting("XZ_PUBLIC_URL", "https://localhost")
    print(f"{address} 已就绪（{version}，{time.monotonic() - started:.0f} 秒）。Ready.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
