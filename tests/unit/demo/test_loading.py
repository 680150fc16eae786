"""Who waits for a county to be loaded sees how far it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.demo.system import show_loading


def test_each_line_of_the_loading_is_passed_on_once_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "system.log"
    log.write_text("第一次启动：装入演示乡镇 loading the demo township …\n  164 个村、50,000 户已登记（52.2 秒）\n")
    shown = show_loading(log, 0)
    assert capsys.readouterr().out == "  164 个村、50,000 户已登记（52.2 秒）\n"
    with log.open("a") as more:
        more.write("  12/164 个村、99,771 条积分记录（62.4 秒）\nintake | info 3 秒\n")
    assert show_loading(log, shown) == 2
    assert capsys.readouterr().out == "  12/164 个村、99,771 条积分记录（62.4 秒）\n"
