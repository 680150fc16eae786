"""Nobody's key, token or password stands in the source; what looks like one is named here, with its place."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deploy.audit.secrets import entropy, suspicions
from deploy.demo.logins import PASSWORD
from tests.structure.source import PROJECT

# Hashes of packages: as random as a key, and public.
HASHES = {"requirements.lock"}
# File → values that open nothing.
KNOWN = {
    "deploy/demo/logins.py": {PASSWORD},
    # The progress code of an example.
    "docs/api.md": {"5-TbIZP2wuDYom7XS8" + "2qOeGUHT8n-MFm"},
    # The first admin of a township that is destroyed a minute later.
    "tests/containers/test_production.py": {"yun-wu-shan-" + "2026"},
    # The name of a purpose.
    "services/gateway/sessions/sessions.py": {"set_password"},
}
# Tests invent passwords; they are words, never something that chance has made.
INVENTED = {
    "nothing", "identity_number", "made-up", "pass-of-ours", "secret9", "secret", "word", "tiger", "pass-word-1",
}  # fmt: skip


def tracked() -> list[str]:
    """Every file that is, or could be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT,
        capture_output=True,
        check=True,
    )
    return sorted(name for name in listed.stdout.decode().split("\0") if name and (PROJECT / name).is_file())


def words_of(path: Path) -> str:
    """Its text; of a picture or a font nothing."""
    content = path.read_bytes()
    return "" if b"\0" in content else content.decode("utf-8", "replace")


def is_known(name: str, value: str) -> bool:
    return value in KNOWN.get(name, set()) or (name.startswith("tests/") and value in INVENTED)


def test_no_key_token_or_password_stands_in_the_source() -> None:
    files = tracked()
    assert len(files) > 500
    found = [
        f"{name}: {each}"
        for name in files
        if name not in HASHES
        for each in suspicions(words_of(PROJECT / name), by_chance=True)
        if not is_known(name, each.value)
    ]
    assert found == []


def test_what_is_known_is_still_there() -> None:
    for name, values in KNOWN.items():
        text = words_of(PROJECT / name)
        assert all(value in text for value in values), name


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("-----BEGIN EC " + "PRIVATE KEY-----\nMHcCAQEEIBq1x5kXyZ0W\n", "private key"),
        ("key = 'AKIA" + "QWERTYUIOPASDFGH'", "token of a service"),
        ("DATABASE_URL=postgresql://owner:" + "gT5x@database/xiangzhi", "password in an address"),
        ("admin_password = '" + "correct-horse'", "password"),
        ("x = 'vK3qLz8RtY2m" + "Wp9XcB5nHd7J'", "random word"),
    ],
)
def test_each_kind_of_secret_is_noticed(text: str, kind: str) -> None:
    assert [each.kind for each in suspicions(text, by_chance=True)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "DATABASE_URL=postgresql://xiangzhi_owner:…@database:5432/xiangzhi",
        'url = f"redis://:{password}@{host}"',
        "REDIS_URL=redis://:${REDIS_PASSWORD}@redis",
        "looks for -----BEGIN PRIVATE KEY----- in a file",
        "password = request.form['password']",
        "test_a_name_that_is_long_and_says_what_happens_2",
    ],
)
def test_what_only_speaks_of_secrets_is_none(text: str) -> None:
    assert list(suspicions(text, by_chance=True)) == []


def test_chance_is_told_from_words_by_its_evenness() -> None:
    assert entropy("aaaa") == 0
    assert entropy("abcd") == 2
