"""What `make certificates` does to the folder: make or keep the CA, issue, renew, or take what was brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from deploy.certificates import files
from deploy.certificates.authority import make_authority, require_in_scope
from deploy.certificates.checks import check
from deploy.certificates.names import own_names, without_local
from deploy.certificates.refusal import Refused
from deploy.certificates.server import issue
from shared.certificates import CA, CA_KEY, SERVER, SERVER_KEY, ServerCertificate, is_issued_by, server_certificate
from shared.models.base import now


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done: whether there is a new CA, and whether there is a new certificate."""

    new_authority: bool
    new_certificate: bool


def make(folder: Path, names: Sequence[str], title: str) -> Outcome:
    """See to it that `folder` has a certificate of the township's CA for `names` that lasts for more than 30 days.

    Without `names` those of the present certificate stay, at first this machine's own. `title` names a CA that has to
    be made. The CA that is there is never touched. Raises Refused.
    """
    present = server_certificate(folder)
    if present is not None and not present.of_township:
        raise Refused(
            f"{folder / SERVER} 不是乡镇根证书签发的，没有动它。要换成乡镇自己的证书，先把它移到别处。"
            "The certificate that lies there is not the township's: move it away first."
        )
    wanted = list(names) or (without_local(present.names) if present else own_names())
    if not wanted:
        raise Refused("这台机器没有名称也没有网络地址，请用 NAMES=… 写明。This machine has no name: say NAMES=….")
    if present and not present.is_ending and _serves(folder, present, wanted):
        return Outcome(new_authority=False, new_certificate=False)
    authority, key, is_new = _authority(folder, wanted, title)
    require_in_scope(authority, wanted)
    certificate, own_key = issue(authority, key, without_local(wanted))
    if is_new:
        files.write_key(folder / CA_KEY, key)
        files.write_certificates(folder / CA, [authority])
    files.write_key(folder / SERVER_KEY, own_key)
    files.write_certificates(folder / SERVER, [certificate])
    return Outcome(new_authority=is_new, new_certificate=True)


def take(folder: Path, chain_path: Path, key_path: Path, authority_path: Path | None, names: Sequence[str]) -> None:
    """Put a certificate from elsewhere into `folder`, once it is proved to serve. Raises Refused.

    `authority_path`: a CA that phones do not know by themselves; the installation page then offers it.
    """
    chain, key = files.read_certificates(chain_path), files.read_key(key_path)
    check(chain, key, names)
    authority = files.read_certificates(authority_path)[0] if authority_path else None
    if authority is not None:
        if not is_issued_by(chain[-1], authority) and chain[-1] != authority:
            raise Refused(
                f"{authority_path} 没有签发 {chain_path} 里最后一张证书，可能中间还缺一张。"
                "The CA did not issue the chain."
            )
        if (folder / CA_KEY).exists():
            raise Refused(
                f"{folder} 里有乡镇自己的根证书，没有动它：请先把 {CA} 和 {CA_KEY} 移到别处。"
                "The township's own CA is there: move it away first."
            )
    files.write_key(folder / SERVER_KEY, key)
    files.write_certificates(folder / SERVER, chain)
    if authority is not None:
        files.write_certificates(folder / CA, [authority])


def _authority(
    folder: Path, names: Sequence[str], title: str
) -> tuple[x509.Certificate, EllipticCurvePrivateKey, bool]:
    if not (folder / CA).exists() and not (folder / CA_KEY).exists():
        return *make_authority(title, names), True
    for path in (folder / CA, folder / CA_KEY):
        if not path.exists():
            raise Refused(
                f"缺 {path}：没有它不能签发。请从保管的地方放回来再运行；丢了的，把 {folder} 里另一个文件也移走，"
                "会建立新的根证书，每部手机都要重新安装。Half of the CA is missing: put it back."
            )
    authority, key = files.read_certificates(folder / CA)[0], files.read_authority_key(folder / CA_KEY)
    if key.public_key() != authority.public_key():
        raise Refused(f"{folder / CA} 和 {CA_KEY} 不是一对。The CA and its key do not belong together.")
    if authority.not_valid_after_utc <= now():
        raise Refused(
            f"乡镇的根证书 {authority.not_valid_after_utc:%Y-%m-%d} 就到期了：请把 {CA} 和 {CA_KEY} 移走再运行，"
            "会建立新的；每部手机都要重新安装。The CA has expired: move it away to make a new one."
        )
    return authority, key, False


def _serves(folder: Path, present: ServerCertificate, names: Sequence[str]) -> bool:
    """Whether it is for exactly these names and has its key beside it; a torn pair is issued anew."""
    if set(without_local(present.names)) != set(without_local(names)):
        return False
    try:
        check(files.read_certificates(folder / SERVER), files.read_key(folder / SERVER_KEY))
    except Refused:
        return False
    return True
