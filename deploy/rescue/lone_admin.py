"""A township's only admin, whose duty has ended, becomes its admin again; used by whoever runs the machine.

python -m deploy.rescue.lone_admin --login admin --renew-duty

Only an admin can give a duty, so nobody is left who could. The duty of somebody who has been admin begins anew today,
as long as no other admin can get in; then the account is let in as by services.gateway.accounts.rescue. Both are in the
audit logs, of intake and of the gateway, as done by the machine's operator. The system may run meanwhile.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from services.gateway.accounts.rescue import ACTOR, former_admin, gateway_database, say_outcome
from services.intake.offices.duties import NewDuty, give_duty
from shared.calendar import today
from shared.database import Database
from shared.identity import Grant, Principal, Role
from shared.models.registry import DutyKind
from shared.settings import settings, settings_at_start
from shared.topology import Service


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module's docstring. Exit code 1 with one sentence when nothing was done."""
    parser = argparse.ArgumentParser(prog="python -m deploy.rescue.lone_admin")
    parser.add_argument("--login", required=True, help="the account's name")
    parser.add_argument("--renew-duty", action="store_true", help="its owner's duty as admin begins anew today")
    options = parser.parse_args(arguments)
    if not options.renew_duty:
        print(
            "什么也没有改。这个命令让原来的管理员从今天起重新担任管理员，并重置密码；确认要做，请加上 --renew-duty。",
            file=sys.stderr,
        )
        return 1
    settings_at_start()
    return say_outcome(options.login, lambda: renew_duty(options.login))


def renew_duty(login: str) -> None:
    """Make a township's former admin its admin from today on. Raises NotFound, Conflict: see `former_admin`."""
    gateway = gateway_database()
    try:
        with gateway.reading() as session:
            person_id, township_id = former_admin(session, login)
    finally:
        gateway.dispose()
    actor = Principal(township_id, ACTOR, grants=(Grant(Role.ADMIN),))
    intake = Database(settings().database_url_of(Service.INTAKE), Service.INTAKE)
    try:
        with intake.transaction() as session:
            give_duty(session, actor, NewDuty(person_id, DutyKind.ADMIN, today()))
    finally:
        intake.dispose()


if __name__ == "__main__":
    sys.exit(main())
