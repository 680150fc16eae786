"""HTTPS of an embedded system: the certificate that `make certificates` left, found fit to be shown to phones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.refusal import CannotStart

# What reads certificates (cryptography, the models) is imported where there is one to read: most start without.

_YES, _NO = ("1", "yes", "true", "on"), ("", "0", "no", "false", "off")
_READ_BY_OTHERS = 0o007


@dataclass(frozen=True, slots=True)
class Encryption:
    """The files that the web server reads, and the names that the certificate is for."""

    chain: Path
    key: Path
    names: tuple[str, ...]

    def covers(self, host: str) -> bool:
        """Whether a browser accepts the certificate at `host`."""
        from shared.certificates import covers

        return covers(self.names, host)

    @property
    def outer_name(self) -> str:
        """The first name that other machines may use; this machine's own where there is none."""
        from deploy.certificates.names import without_local

        plain = [name for name in self.names if not name.startswith("*.")]
        return next(iter(without_local(plain)), "localhost")


def wants_encryption(environment: Mapping[str, str]) -> bool:
    """`TLS=1` asks for HTTPS. Raises CannotStart for a word that means neither yes nor no."""
    word = environment.get("TLS", "").strip().lower()
    if word not in (*_YES, *_NO):
        raise CannotStart(f"TLS 只能是 1 或 0，不是 {word!r}。TLS must be 1 or 0.")
    return word in _YES


def read_encryption(folder: Path) -> Encryption:
    """The certificate in `folder`. Raises CannotStart with what is wrong with it."""
    from deploy.certificates.checks import check
    from deploy.certificates.files import read_certificates, read_key
    from deploy.certificates.refusal import Refused
    from shared.certificates import SERVER, SERVER_KEY, names_of

    chain, key = folder / SERVER, folder / SERVER_KEY
    if not chain.exists():
        raise CannotStart(
            f"要用 HTTPS，可是 {folder} 里没有证书：请先运行 make certificates，或去掉 TLS=1。"
            "There is no certificate: run make certificates first."
        )
    try:
        certificates, private = read_certificates(chain), read_key(key)
        check(certificates, private)
    except Refused as reason:
        raise CannotStart(
            f"HTTPS 的证书不能用：{reason}乡镇自己的证书，再运行一次 make certificates 就会换新。"
        ) from reason
    if key.stat().st_mode & _READ_BY_OTHERS:
        raise CannotStart(
            f"{key} 谁都能读，请运行 chmod 600 {key} 后再启动。The certificate's key can be read by everybody."
        )
    return Encryption(chain, key, names_of(certificates[0]))
