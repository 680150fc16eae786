"""`make scale points-bulk-worker=4`: so many containers of a role, from now on.

python3 -m deploy.containers.scale ROLE=COUNT…

The number is kept in .env, so that a later start has as many. Whoever is taken away hands its task back first.
"""

from __future__ import annotations

import sys

from deploy.containers.dotenv import write_dotenv
from deploy.containers.engine import PROJECT, CannotRun, compose, wait_until_well
from shared.topology import ROLES

_MOST = 64


def variable_of(role: str) -> str:
    """The setting that holds a role's number."""
    return role.upper().replace("-", "_") + "_SCALE"


def parse(words: list[str]) -> dict[str, int]:
    """`points-bulk-worker=4` → the role and its number. Raises CannotRun."""
    wanted = {}
    for word in words:
        role, _, count = word.partition("=")
        if role not in ROLES:
            raise CannotRun(f"没有“{role}”这个角色。有的是：{'、'.join(ROLES)}。No such role.")
        if not count.isascii() or not count.isdigit() or not 1 <= int(count) <= _MOST:
            raise CannotRun(f"{role} 的数量应是 1 到 {_MOST}，例如 {role}=4。The number must be 1 to {_MOST}.")
        wanted[role] = int(count)
    if not wanted:
        raise CannotRun("请写明角色和数量，例如 make scale points-bulk-worker=4。Name a role and a number.")
    return wanted


def scale(wanted: dict[str, int]) -> None:
    """Start or end containers until there are so many, and all of them well. Raises CannotRun."""
    write_dotenv(PROJECT / ".env", {variable_of(role): str(count) for role, count in wanted.items()})
    compose("up", "--detach", "--no-build", "--no-deps", "--no-recreate", *wanted)
    wait_until_well(*wanted)


def main() -> int:
    """Scale, and say what runs; exit code 1 with one sentence."""
    try:
        wanted = parse(sys.argv[1:])
        scale(wanted)
    except CannotRun as reason:
        print(reason, file=sys.stderr)
        return 1
    print("、".join(f"{role} {count} 个" for role, count in wanted.items()) + "，都已就绪。Ready.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
