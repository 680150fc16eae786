"""Start the whole system on this machine and keep it running until Ctrl-C.

python -m deploy.embedded.run [--die-with-parent]

PORT, HOST        where the pages are served (8000, 127.0.0.1)
TLS=1             HTTPS at PORT (8443), and without it at PLAIN_PORT (8000) the page that installs the township's CA
DEMO=0            ask for a township of one's own instead of loading the demo at the first start
DATABASE_URL      PostgreSQL instead of a SQLite file in var/
REDIS_URL         a Redis that already runs instead of one started here
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from deploy.embedded.address import check_ports, read_address, trusting
from deploy.embedded.journal import Journal
from deploy.embedded.metrics import metrics_environments
from deploy.embedded.parentage import end_when_parent_ends
from deploy.embedded.place import choose_inner_ports, make_data_dir, only_one_here
from deploy.embedded.preparation import CouldNotPrepare, prepare_apart
from deploy.embedded.processes import DOORSTEP, commands
from deploy.embedded.redis_server import NoRedis, RedisServer, start_redis
from deploy.embedded.refusal import CannotStart, in_words
from deploy.embedded.renewed import RenewedCertificate
from deploy.embedded.supervisor import Supervisor
from deploy.embedded.welcome import welcome
from shared.settings import SettingsError, read_settings
from shared.topology import Service

READY_SECONDS = 90.0
_INNER = (Service.INTAKE, Service.POINTS, Service.PETITIONS)
PROJECT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run until a signal; exit code 1 with one sentence when it can't start."""
    parser = argparse.ArgumentParser(prog="python -m deploy.embedded.run")
    parser.add_argument("--die-with-parent", action="store_true", help="end when the starting program ends")
    if parser.parse_args().die_with_parent:
        end_when_parent_ends()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with ExitStack() as stack:
            # Whatever ends this block, the stack stops what was started, the last first.
            try:
                _run(stack)
            finally:
                _ignore_signals()
    except CannotStart as reason:
        print(reason, file=sys.stderr)
        return 1
    except CouldNotPrepare:
        return 1
    except OSError as error:
        print(in_words(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("已停止，数据都在。Stopped; nothing is lost.")
    return 0


def _run(stack: ExitStack) -> None:
    started = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"}
    # Warnings of libraries are for developers; errors and our own lines stay.
    environment.setdefault("PYTHONWARNINGS", "ignore")
    try:
        current = read_settings(environment)
    except SettingsError as error:
        raise CannotStart(f"{error}每一项的说明见 .env.example。A setting is wrong.") from error
    address = read_address(environment, current.certificate_dir)
    environment = {**address.variables(), **environment, "XZ_PUBLIC_URL": address.public}
    make_data_dir(current.data_dir)
    stack.enter_context(only_one_here(current.data_dir, address.public, address.here))
    check_ports(address)
    server = None if os.environ.get("REDIS_URL") else _own_redis(stack, current.data_dir)
    if server is not None:
        environment["REDIS_URL"] = server.url
    environment.update(XZ_DATA_DIR=str(current.data_dir), DATABASE_URL=current.database_url)
    is_demo = prepare_apart(environment)
    environment.setdefault("XZ_DEMO", "1" if is_demo else "0")
    journal = Journal(current.data_dir / "log" / "xiangzhi.log")
    stack.callback(journal.close)
    # One folder for all would mix their numbers.
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    measured = metrics_environments(current.metrics_port, current.data_dir / "metrics")
    supervisor = Supervisor(journal=journal)
    stack.callback(supervisor.stop)
    ports = {**choose_inner_ports(), Service.GATEWAY: address.port}
    for service, inner in ports.items():
        environment[f"{service.upper()}_URL"] = f"http://127.0.0.1:{inner}"
    one_writer = current.database_url.startswith("sqlite")
    programs = commands(address.host, ports, one_writer=one_writer, address=address)
    for name, command in programs.items():
        own = {"XZ_PROCESS": name, "REMAP_SIGTERM": "SIGQUIT"}
        # The services show their numbers on their inner ports; the doorstep counts nothing that the gateway does not.
        shown = measured.get(name, {"XZ_METRICS_PORT": "0"})
        supervisor.add(name, command, {**environment, **own, **shown})
    supervisor.start()
    _wait_until_ready(supervisor, [address.here, *(environment[f"{each.upper()}_URL"] for each in _INNER)])
    seconds = time.monotonic() - started
    print(welcome(address, is_demo=is_demo, seconds=seconds, journal=journal.path), flush=True)
    # The address stays in sight: from here on the terminal shows what someone should look at.
    supervisor.is_quiet = True
    renewed = RenewedCertificate(current.certificate_dir, lambda: read_address(os.environ, current.certificate_dir))
    supervisor.tend(until=lambda: _mend(supervisor, server, renewed if address.encryption else None))


def _mend(supervisor: Supervisor, server: RedisServer | None, renewed: RenewedCertificate | None) -> bool:
    """Start our own Redis again where it was killed, take a certificate that was renewed.

    False, since the system runs until someone stops it.
    """
    if server is not None and server.start_again_if_ended():
        supervisor.say("redis", "ended, started again; what was under way is sent again")
    if renewed is not None:
        _take(supervisor, renewed)
    return False


def _take(supervisor: Supervisor, renewed: RenewedCertificate) -> None:
    try:
        if renewed.is_there():
            supervisor.reload(Service.GATEWAY)
            supervisor.reload(DOORSTEP)
            supervisor.say(Service.GATEWAY, "HTTPS 的证书换了新的，没有停机。The renewed certificate is in use.")
    except CannotStart as reason:
        supervisor.say(Service.GATEWAY, f"HTTPS 还用原来的证书。{reason}")


def _own_redis(stack: ExitStack, data_dir: Path) -> RedisServer:
    try:
        server = start_redis(data_dir / "redis")
    except NoRedis as error:
        raise CannotStart(f"消息服务 Redis 没有启动：{error}。Redis could not be started.") from error
    stack.callback(server.stop)
    return server


def _wait_until_ready(supervisor: Supervisor, addresses: list[str]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    waiting = [f"{address}/readyz" for address in addresses]

    def is_over() -> bool:
        waiting[:] = [probe for probe in waiting if not _answers(probe)]
        return not waiting or time.monotonic() > deadline

    supervisor.tend(until=is_over)
    if waiting:
        raise CannotStart(f"{READY_SECONDS:.0f} 秒内没有准备好，原因见上面的日志。Not ready in time, see above.")


def _answers(url: str) -> bool:
    try:
        context = trusting() if url.startswith("https:") else None
        with urllib.request.urlopen(url, timeout=2, context=context) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
