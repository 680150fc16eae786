"""The first start in a process of its own: what it loads (models, migrations, the demo) is gone when it has ended.

The launcher stays for as long as the system runs, and needs none of that.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

from deploy.embedded.parentage import die_with_parent
from deploy.embedded.refusal import CannotStart

# Exit codes of `deploy.embedded.first_start`.
OWN_TOWNSHIP, REFUSED, DEMO_TOWNSHIP = 0, 1, 2


class CouldNotPrepare(Exception):
    """Raised when the first start has failed and has told the person at the terminal why."""


def prepare_apart(environment: Mapping[str, str]) -> bool:
    """Make keys, migrate, and see to it that there is a township. Returns whether the township is the demo.

    Raises CouldNotPrepare, and CannotStart where it was killed and could say nothing itself.
    """
    command = [sys.executable, "-m", "deploy.embedded.first_start"]
    child = subprocess.Popen(command, env=dict(environment), preexec_fn=die_with_parent())
    try:
        code = child.wait()
    except BaseException:
        child.terminate()
        child.wait()
        raise
    if code < 0:
        raise CannotStart(
            f"第一次启动的准备被信号 {-code} 打断了，常见的原因是内存不够；请腾出内存，再运行一次。"
            "The preparation was killed: usually memory is short."
        )
    if code not in (OWN_TOWNSHIP, DEMO_TOWNSHIP):
        raise CouldNotPrepare
    return code == DEMO_TOWNSHIP
