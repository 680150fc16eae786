"""The last lines on the terminal: where to go, how to log in, how to stop."""

from __future__ import annotations

import importlib
from pathlib import Path

from deploy.embedded.address import Address


def welcome(address: Address, *, is_demo: bool, seconds: float, journal: Path) -> str:
    """The text, with the demo logins where the township is the demo."""
    lines = ["", f"乡治已就绪（{seconds:.0f} 秒）。Ready.", "", f"    打开 open    {address.public}", ""]
    if address.plain:
        lines += [f"    手机先装证书 phones first    {address.plain}/certificate", ""]
    if is_demo:
        lines += ["    演示数据，人物和事件均为虚构。登录页上每个角色一个按钮，也可以输入：", ""]
        lines += [f"    {line}" for line in _demo_logins()]
        lines.append("")
    lines += [f"    日志 logs    {journal}（下面只显示警告和错误 below: warnings and errors）"]
    lines += ["    停止 stop    Ctrl-C（数据保留，再次 make run 继续）", ""]
    return "\n".join(lines)


def _demo_logins() -> list[str]:
    """One line per role; the list belongs to the demo township."""
    logins = importlib.import_module("deploy.demo.logins")
    return list(logins.login_lines())
