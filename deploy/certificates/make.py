"""Certificates for HTTPS into the folder `certificates/` (XZ_CERTIFICATE_DIR), from which the web server takes them.

python -m deploy.certificates.make [--names "jifen.example 192.168.1.10"]
python -m deploy.certificates.make --cert chain.pem --key key.pem [--ca ca.pem] [--names …]

TOWNSHIP_NAME, where it is set, stands in the name of the CA.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import datetime
from pathlib import Path

from deploy.certificates.folder import Outcome, make, take
from deploy.certificates.names import own_names, read_names, without_local
from deploy.certificates.refusal import Refused
from shared.calendar import SHANGHAI
from shared.certificates import CA_KEY, server_certificate, township_authority
from shared.models.base import now
from shared.settings import SettingsError, read_settings


def main() -> int:
    """Return the exit code; one sentence on standard error when it is not 0."""
    parser = argparse.ArgumentParser(prog="python -m deploy.certificates.make")
    parser.add_argument("--names", default="", help="host names and addresses under which people come")
    parser.add_argument("--cert", type=Path, help="a certificate of yours, with its chain")
    parser.add_argument("--key", type=Path, help="its key")
    parser.add_argument("--ca", type=Path, help="the CA behind it, where phones do not know it by themselves")
    given = parser.parse_args()
    try:
        folder = read_settings().certificate_dir
        names = read_names(given.names)
        if given.cert or given.key:
            if not (given.cert and given.key):
                raise Refused("CERT 和 KEY 要一起写：CERT=证书文件 KEY=私钥文件。CERT and KEY belong together.")
            take(folder, given.cert, given.key, given.ca, names)
            outcome = Outcome(new_authority=False, new_certificate=True)
        else:
            outcome = make(folder, names, _title(os.environ.get("TOWNSHIP_NAME", "")))
        print(_said(folder, outcome))
    except (Refused, SettingsError) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


def _title(township: str) -> str:
    return f"{township.strip() or '乡治'}根证书 {now().astimezone(SHANGHAI):%Y}"


def _said(folder: Path, outcome: Outcome) -> str:
    present, authority = server_certificate(folder), township_authority(folder)
    if present is None:
        raise Refused(f"{folder} 里没有证书。There is no certificate.")
    done = "证书已放好" if outcome.new_certificate else f"证书还有 {present.left.days} 天，不用换"
    names = "、".join(without_local(present.names)) or "只有本机能用"
    lines = [
        f"{done}：{folder}（{names}，有效到 {_day(present.expires_at)}）。Ready.",
    ]
    if authority is not None:
        lines.append(f"根证书“{authority.name}”有效到 {_day(authority.expires_at)}，指纹 SHA-256：")
        lines.append(f"    {authority.fingerprint}")
    if outcome.new_authority:
        lines.append(
            f"根证书的私钥 {folder / CA_KEY} 平时用不着：请抄到 U 盘锁好，这里的可以移走，到期换证书时再放回来。"
        )
    if missing := [name for name in own_names() if not present.covers(name)]:
        lines.append(f"注意：这台机器的 {'、'.join(missing)} 不在证书里，手机不能用它打开。要用就写 NAMES=…。")
    if outcome.new_certificate:
        lines.append(
            "下一步：make run TLS=1 HOST=0.0.0.0；已经这样运行的，自己会换上，不用重启；用容器的，运行 make up 换上。"
            "手机怎样安装见 /certificate 页面。"
        )
    return "\n".join(lines)


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d}"


if __name__ == "__main__":
    sys.exit(main())
