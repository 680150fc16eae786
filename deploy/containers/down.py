"""`make down`: stop and remove the containers. Data, files and keys stay in their volumes.

python3 -m deploy.containers.down [--destroy NAME]

`make destroy CONFIRM=<the deployment's name>` removes the volumes too: after that only a backup has anything.
"""

from __future__ import annotations

import argparse
import sys

from deploy.containers.engine import CannotRun, compose, project_name


def down() -> None:
    """Stop and remove the containers. Raises CannotRun."""
    compose(*_EVERY_PROFILE, "down")


def destroy(confirmed: str) -> None:
    """Remove containers, database, files and keys. Raises CannotRun where the name is not repeated."""
    name = project_name()
    if confirmed != name:
        raise CannotRun(
            f"这会删除数据库、文件和密钥，只剩备份。确定要删，请运行 make destroy CONFIRM={name}。"
            "This deletes everything but your backups; repeat the deployment's name."
        )
    compose(*_EVERY_PROFILE, "down", "--volumes")


_EVERY_PROFILE = ("--profile", "tools", "--profile", "monitoring")


def main() -> int:
    """Stop, or destroy; exit code 1 with one sentence."""
    parser = argparse.ArgumentParser(prog="make down")
    parser.add_argument("--destroy", default=None, metavar="NAME")
    confirmed = parser.parse_args().destroy
    try:
        if confirmed is None:
            down()
            print("已停止，数据都在。Stopped; nothing is lost.")
        else:
            destroy(confirmed)
            print("已全部删除。Everything was deleted.")
    except CannotRun as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
