"""`make certificates`: what lies in the folder afterwards, what stays, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from deploy.certificates import files
from deploy.certificates.authority import make_authority, require_in_scope
from deploy.certificates.folder import make, take
from deploy.certificates.refusal import Refused
from deploy.certificates.server import issue
from shared.certificates import CA, CA_KEY, SERVER, SERVER_KEY, read_chain, server_certificate, township_authority
from shared.models.base import now
from tests.fixtures.certificates import sign, township_folder
from tests.fixtures.postgresql_cluster import PROJECT

NAMES = ["jifen.example", "192.168.1.10"]
APPLE_LIMIT = timedelta(days=825)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


def test_a_new_folder_gets_a_ca_and_a_certificate_and_keys_that_only_the_owner_reads(tmp_path: Path) -> None:
    outcome = make(tmp_path, NAMES, "示例乡根证书 2026")
    assert (outcome.new_authority, outcome.new_certificate) == (True, True)
    assert modes(tmp_path) == {CA: 0o644, CA_KEY: 0o600, SERVER: 0o644, SERVER_KEY: 0o600}
    found = server_certificate(tmp_path)
    assert found is not None
    assert found.of_township
    assert found.names == ("jifen.example", "192.168.1.10", "localhost", "127.0.0.1", "::1")
    assert timedelta(days=800) < found.expires_at - found.begins_at <= APPLE_LIMIT
    authority = township_authority(tmp_path)
    assert authority is not None
    assert authority.name == "示例乡根证书 2026"
    assert authority.expires_at - now() > timedelta(days=3600)
    assert len(authority.fingerprint.split()) == 32


def test_a_certificate_for_this_machine_alone_is_made(tmp_path: Path) -> None:
    make(tmp_path, ["localhost", "127.0.0.1"], "示例乡根证书 2026")
    found = server_certificate(tmp_path)
    assert found is not None
    assert found.names == ("localhost", "127.0.0.1", "::1")


def test_an_independent_verifier_accepts_the_certificate_for_its_names_only(tmp_path: Path) -> None:
    make(tmp_path, NAMES, "示例乡根证书 2026")
    server = read_chain(tmp_path / SERVER)[0]
    for arguments, code in [
        (["-verify_hostname", "jifen.example"], 0),
        (["-verify_ip", "192.168.1.10"], 0),
        (["-verify_hostname", "bank.example"], 2),
    ]:
        command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", str(tmp_path / CA)]
        done = subprocess.run([*command, *arguments, str(tmp_path / SERVER)], capture_output=True, check=False)
        assert done.returncode == code, done.stderr.decode()
    assert server.extensions.get_extension_for_class(x509.BasicConstraints).critical


def test_a_stolen_ca_key_makes_no_certificate_for_a_bank() -> None:
    authority, key = make_authority("示例乡根证书 2026", NAMES)
    forged, _key = issue(authority, key, ["bank.example"])
    verifier = PolicyBuilder().store(Store([authority])).build_server_verifier(x509.DNSName("bank.example"))
    with pytest.raises(VerificationError):
        verifier.verify(forged, [])
    for name in ("bank.example", "8.8.8.8"):
        with pytest.raises(Refused, match=f"管不了 {name}"):
            require_in_scope(authority, [name])


def test_inner_names_and_addresses_may_be_added_later(tmp_path: Path) -> None:
    make(tmp_path, NAMES, "示例乡根证书 2026")
    before = contents(tmp_path)
    outcome = make(tmp_path, [*NAMES, "office.lan", "points.jifen.example", "10.3.2.1"], "又一个")
    assert (outcome.new_authority, outcome.new_certificate) == (False, True)
    after = contents(tmp_path)
    assert (after[CA], after[CA_KEY]) == (before[CA], before[CA_KEY])
    assert after[SERVER] != before[SERVER]


def test_a_second_run_changes_nothing_as_long_as_the_certificate_lasts(tmp_path: Path) -> None:
    make(tmp_path, NAMES, "示例乡根证书 2026")
    before = contents(tmp_path)
    for names in (NAMES, []):
        assert not make(tmp_path, names, "又一个").new_certificate
    with time_machine.travel(now() + timedelta(days=780)):
        assert not make(tmp_path, [], "又一个").new_certificate
    assert contents(tmp_path) == before


def test_near_its_end_it_is_renewed_for_the_same_names_by_the_same_ca(tmp_path: Path) -> None:
    make(tmp_path, NAMES, "示例乡根证书 2026")
    before = contents(tmp_path)
    with time_machine.travel(now() + timedelta(days=795)):
        outcome = make(tmp_path, [], "又一个")
        renewed = server_certificate(tmp_path)
        assert renewed is not None
        assert renewed.left > timedelta(days=800)
    assert (outcome.new_authority, outcome.new_certificate) == (False, True)
    assert renewed.names == ("jifen.example", "192.168.1.10", "localhost", "127.0.0.1", "::1")
    after = contents(tmp_path)
    assert (after[CA], after[CA_KEY]) == (before[CA], before[CA_KEY])
    assert after[SERVER_KEY] != before[SERVER_KEY]


def test_a_certificate_never_outlives_its_ca(tmp_path: Path) -> None:
    make(tmp_path, NAMES, "示例乡根证书 2026")
    with time_machine.travel(now() + timedelta(days=3500)):
        make(tmp_path, [], "又一个")
    found, authority = server_certificate(tmp_path), township_authority(tmp_path)
    assert found is not None
    assert authority is not None
    assert found.expires_at == authority.expires_at


def test_the_ca_s_key_may_lie_elsewhere_until_it_is_needed(tmp_path: Path) -> None:
    make(tmp_path, NAMES, "示例乡根证书 2026")
    (tmp_path / CA_KEY).unlink()
    assert not make(tmp_path, [], "又一个").new_certificate
    with time_machine.travel(now() + timedelta(days=795)), pytest.raises(Refused, match=f"缺 .*{CA_KEY}"):
        make(tmp_path, [], "又一个")


def test_a_torn_pair_is_issued_anew(tmp_path: Path) -> None:
    make(tmp_path, NAMES, "示例乡根证书 2026")
    files.write_key(tmp_path / SERVER_KEY, sign("else").key)
    assert make(tmp_path, [], "又一个").new_certificate
    assert not make(tmp_path, [], "又一个").new_certificate


def test_a_certificate_from_elsewhere_is_taken_with_its_chain(tmp_path: Path) -> None:
    root = sign("公共根证书", is_authority=True)
    middle = sign("公共中间证书", root, is_authority=True)
    own = sign("jifen.example", middle, names=NAMES)
    files.write_certificates(tmp_path / "given.pem", [own.certificate, middle.certificate])
    files.write_key(tmp_path / "given-key.pem", own.key)
    folder = tmp_path / "certificates"
    take(folder, tmp_path / "given.pem", tmp_path / "given-key.pem", None, NAMES)
    assert modes(folder) == {SERVER: 0o644, SERVER_KEY: 0o600}
    assert read_chain(folder / SERVER) == [own.certificate, middle.certificate]
    found = server_certificate(folder)
    assert found is not None
    assert not found.of_township
    assert township_authority(folder) is None
    with pytest.raises(Refused, match="不是乡镇根证书签发的"):
        make(folder, NAMES, "示例乡根证书 2026")


def test_a_ca_from_elsewhere_is_offered_to_phones_only_if_it_issued_the_chain(tmp_path: Path) -> None:
    root, other = sign("县根证书", is_authority=True), sign("别的根证书", is_authority=True)
    own = sign("jifen.example", root, names=NAMES)
    files.write_certificates(tmp_path / "given.pem", [own.certificate])
    files.write_key(tmp_path / "given-key.pem", own.key)
    folder = tmp_path / "certificates"
    for name, signed in [("root.pem", root), ("other.pem", other)]:
        files.write_certificates(tmp_path / name, [signed.certificate])
    with pytest.raises(Refused, match="没有签发"):
        take(folder, tmp_path / "given.pem", tmp_path / "given-key.pem", tmp_path / "other.pem", [])
    assert not folder.exists()
    take(folder, tmp_path / "given.pem", tmp_path / "given-key.pem", tmp_path / "root.pem", [])
    authority = township_authority(folder)
    assert authority is not None
    assert (authority.name, authority.scope) == ("县根证书", ())


def test_a_key_with_a_password_and_files_that_hold_nothing_are_named(tmp_path: Path) -> None:
    key = sign("else").key
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    (tmp_path / "locked.pem").write_bytes(locked)
    (tmp_path / "empty.pem").write_bytes(b"")
    with pytest.raises(Refused, match="有口令"):
        files.read_key(tmp_path / "locked.pem")
    with pytest.raises(Refused, match="没有能用的私钥"):
        files.read_key(tmp_path / "empty.pem")
    with pytest.raises(Refused, match="没有能用的证书"):
        files.read_certificates(tmp_path / "empty.pem")
    with pytest.raises(Refused, match=r"读不了 .*nowhere\.pem"):
        files.read_key(tmp_path / "nowhere.pem")


def test_an_expired_ca_is_not_used(tmp_path: Path) -> None:
    township_folder(tmp_path)
    with time_machine.travel(now() + timedelta(days=3700)), pytest.raises(Refused, match="根证书 .*就到期了"):
        make(tmp_path, [], "又一个")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.certificates.make", *arguments],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", "XZ_CERTIFICATE_DIR": str(folder), "TOWNSHIP_NAME": "示例乡"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_says_what_it_made_and_the_fingerprint_for_the_wall(tmp_path: Path) -> None:
    done = run(tmp_path, "--names", "jifen.example 192.168.1.10")
    assert done.returncode == 0, done.stderr
    authority = township_authority(tmp_path)
    assert authority is not None
    assert authority.fingerprint in done.stdout
    assert authority.name.startswith("示例乡根证书 ")
    assert "jifen.example、192.168.1.10" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--names", "http://jifen.example"], "不是名称"),
        (["--cert", "nowhere.pem"], "CERT 和 KEY 要一起写"),
        (["--cert", "nowhere.pem", "--key", "nowhere.pem"], "读不了 nowhere.pem"),
    ],
)
def test_the_command_refuses_in_one_line(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    done = run(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
