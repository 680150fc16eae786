"""`make image`: the image of this checkout, under the label of its version.

python3 -m deploy.containers.image [--version LABEL]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from deploy.containers.engine import PROJECT, CannotRun, docker, setting

OFFICIAL = "python:3.11-slim-bookworm"


def this_version() -> str:
    """The label of this checkout: VERSION, else the tag with the commit after it, else the release."""
    if chosen := os.environ.get("VERSION"):
        return chosen
    described = subprocess.run(
        ["git", "describe", "--tags", "--always", "--dirty"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    return described.stdout.strip() or "latest"


def image_of(version: str) -> str:
    """The image's name with its tag."""
    return f"{setting('XZ_IMAGE', 'xiangzhi')}:{version}"


def has_image(version: str) -> bool:
    """Whether the engine has it."""
    return bool(docker("images", "--quiet", image_of(version)).strip())


def image_id(version: str) -> str:
    """The engine's own name for it, which is another one for other content."""
    return docker("image", "inspect", "--format={{.Id}}", image_of(version)).strip()


def build_image(version: str, context: str = ".") -> None:
    """Fetch the locked packages, if that was not done, and build. Raises CannotRun."""
    base = setting("PYTHON_BUILD_IMAGE", OFFICIAL)
    print(f"制作镜像 {image_of(version)} building …", flush=True)
    _loudly(["deploy/images/wheels.sh", base])
    arguments = {"PYTHON_BUILD_IMAGE": base, "PYTHON_IMAGE": setting("PYTHON_IMAGE", OFFICIAL), "XZ_VERSION": version}
    options = [f"--build-arg={name}={value}" for name, value in arguments.items()]
    _loudly(["docker", "build", "--quiet", "--network=host", *options, f"--tag={image_of(version)}", context])


def _loudly(command: list[str]) -> None:
    environment = {**os.environ, "PYTHON": sys.executable}
    if subprocess.run(command, cwd=PROJECT, env=environment, check=False, stdout=subprocess.DEVNULL).returncode:
        raise CannotRun(f"{command[0]} {command[1]} 没有成功，原因见上面几行。It failed, see above.")


def main() -> int:
    """Build; exit code 1 with one sentence."""
    parser = argparse.ArgumentParser(prog="make image")
    parser.add_argument("--version", default=None)
    try:
        build_image(parser.parse_args().version or this_version())
    except CannotRun as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
