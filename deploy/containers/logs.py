"""`make logs`: follow what the containers say, one role's with ROLE=…

python3 -m deploy.containers.logs [ROLE…]
"""

from __future__ import annotations

import sys

from deploy.containers.engine import CannotRun, compose_exec


def main() -> int:
    """Follow until Ctrl-C."""
    try:
        return compose_exec("logs", "--follow", "--tail=100", *sys.argv[1:])
    except CannotRun as reason:
        print(reason, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
