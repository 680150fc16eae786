"""The lock file: every distribution has a hash, and what is installed is what is locked."""

from __future__ import annotations

import json
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from deploy.audit.bill import bill_of_materials
from deploy.audit.licences import is_accepted, licence_of
from deploy.audit.lock import INSTALLERS, Locked, differences, read_lock, without_hash

PROJECT = Path(__file__).parents[3]
HASH = "a" * 64
LOCK = f"""# made by hand
flask==3.1.3 \\
    --hash=sha256:{HASH}
    # via
    #   xiangzhi (pyproject.toml)
    #   other
other==1.0 ; python_full_version < '3' \\
    --hash=sha256:{HASH}
    # via xiangzhi (pyproject.toml)
pytest==9 \\
    --hash=sha256:{HASH}
    # via xiangzhi (pyproject.toml:dev)
werkzeug==3.1
    # via flask
"""


@pytest.fixture(scope="module")
def real_lock() -> list[Locked]:
    return read_lock((PROJECT / "requirements.lock").read_text())


def test_an_entry_says_its_version_hashes_and_who_asks_for_it() -> None:
    flask, other, pytest_, werkzeug = read_lock(LOCK)
    assert flask == Locked("flask", "3.1.3", "", (HASH,), ("other",), True, True)
    assert (other.marker, other.is_for_here) == ("python_full_version < '3'", False)
    assert (pytest_.runs, pytest_.is_direct) == (False, False)
    assert (werkzeug.runs, werkzeug.askers) == (True, ("flask",))


def test_a_distribution_without_a_hash_is_named() -> None:
    assert list(without_hash(read_lock(LOCK))) == ["werkzeug 3.1"]


def test_each_difference_from_what_is_installed_is_one_sentence() -> None:
    installed = {"Flask": "3.1.3", "pytest": "8", "stranger": "1", "pip": "26"}
    assert list(differences(read_lock(LOCK), installed)) == [
        "pytest is locked at 9 and installed at 8",
        "werkzeug 3.1 is locked and not installed",
        "stranger 1 is installed and not locked",
    ]


@pytest.mark.parametrize("line", ["flask==3.1 extra words", "flask>=3.1", "flask @ https://example/flask.tar.gz"])
def test_a_line_that_names_no_exact_version_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="flask"):
        read_lock(line)


def test_every_distribution_of_the_lock_has_a_hash(real_lock: list[Locked]) -> None:
    assert len(real_lock) > 100
    assert not list(without_hash(real_lock))


def test_every_installed_licence_has_been_looked_at() -> None:
    licences = {each.name: licence_of(each) for each in distributions() if each.name not in INSTALLERS}
    assert len(licences) > 50
    assert {name: words for name, words in licences.items() if not is_accepted(words)} == {}


@pytest.mark.parametrize(
    ("expression", "accepted"),
    [
        ("MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("(MIT OR GPL-2.0-only) AND MIT", False),
        ("", False),
    ],
)
def test_a_licence_is_taken_where_one_of_its_alternatives_is(expression: str, accepted: bool) -> None:
    assert is_accepted(expression) is accepted


def test_the_bill_names_every_distribution_with_its_scope_licence_and_hashes(real_lock: list[Locked]) -> None:
    licences: dict[str, str] = {canonicalize_name(each.name): licence_of(each) for each in distributions()}
    bill = json.loads(bill_of_materials(real_lock, licences))
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "xiangzhi")
    components = {each["name"]: each for each in bill["components"]}
    assert components.keys() == {each.name for each in real_lock if each.is_for_here}
    assert (components["flask"]["scope"], components["pytest"]["scope"]) == ("required", "excluded")
    assert all(each["licenses"] and each["properties"] for each in components.values())
    edges = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    flask = components["flask"]["bom-ref"]
    assert flask in edges["xiangzhi"]
    assert components["werkzeug"]["bom-ref"] in edges[flask]
    assert components["pytest"]["bom-ref"] not in edges["xiangzhi"]
