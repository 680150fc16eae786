"""Advisories that were carried in on a stick, asked by pip-audit itself."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from deploy.audit import packages
from deploy.audit.advisories import NoAdvisories, read_advisories
from deploy.audit.vulnerabilities import Examination, Finding, NoSource, examine

PROJECT = Path(__file__).parents[3]
LOCK = f"mako==1.4.3 \\\n    --hash=sha256:{'a' * 64}\n    # via xiangzhi (pyproject.toml)\n"
NOBODY = "http://127.0.0.1:9/v1/query"


def advisory(name: str = "Mako", events: list[dict[str, str]] | None = None, **more: Any) -> dict[str, Any]:
    """An advisory on an invented weakness, in the form of the OSV schema."""
    ranges = [{"type": "ECOSYSTEM", "events": events or [{"introduced": "0"}, {"fixed": "1.5"}]}]
    return {
        "schema_version": "1.7.0",
        "id": "TEST-2026-1",
        "modified": "2026-11-01T00:00:00Z",
        "published": "2026-10-01T00:00:00Z",
        "summary": "an invented weakness",
        "affected": [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": ranges}],
        **more,
    }


def written(folder: Path, *advisories: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    for number, each in enumerate(advisories):
        (folder / f"{number}.json").write_text(json.dumps(each))
    return folder


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.lock"
    path.write_text(LOCK)
    return path


def test_pip_audit_finds_a_locked_version_in_a_folder_of_advisories(lock: Path, tmp_path: Path) -> None:
    said = examine(lock, str(written(tmp_path / "advisories", advisory())))
    assert said.findings == (Finding("mako", "1.4.3", "TEST-2026-1", ("1.5",)),)
    assert (said.asked, "1 advisories" in said.source, "2026-11-01" in said.source) == (1, True, True)


def test_an_advisory_on_other_versions_is_no_finding(lock: Path, tmp_path: Path) -> None:
    mended = advisory(events=[{"introduced": "0"}, {"fixed": "1.4.3"}])
    assert examine(lock, str(written(tmp_path / "advisories", mended))).findings == ()


@pytest.mark.parametrize(
    ("events", "version", "affected"),
    [
        ([{"introduced": "0"}, {"fixed": "2.0"}], "1.9", True),
        ([{"introduced": "0"}, {"fixed": "2.0"}], "2.0", False),
        ([{"introduced": "1.5"}, {"fixed": "2.0"}], "1.4", False),
        ([{"introduced": "0"}, {"last_affected": "2.0"}], "2.0", True),
        ([{"introduced": "0"}, {"last_affected": "2.0"}], "2.0.1", False),
        ([{"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "2.0"}], "1.10", False),
        ([{"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "2.0"}], "10.0", True),
    ],
)
def test_a_version_is_affected_as_the_events_of_the_range_say(
    tmp_path: Path, events: list[dict[str, str]], version: str, affected: bool
) -> None:
    advisories = read_advisories(written(tmp_path / "advisories", advisory(events=events)))
    assert bool(advisories.on("mako", version)) is affected


def test_names_are_compared_as_an_index_does_and_withdrawn_advisories_say_nothing(tmp_path: Path) -> None:
    folder = written(tmp_path / "a", advisory("Some_Thing.x"), advisory("other", withdrawn="2026-11-02T00:00:00Z"))
    advisories = read_advisories(folder)
    assert [each["id"] for each in advisories.on("some-thing-x", "1")] == ["TEST-2026-1"]
    assert advisories.on("other", "1") == []


def test_single_versions_and_zip_archives_are_read(tmp_path: Path) -> None:
    single = advisory(affected=[{"package": {"name": "mako", "ecosystem": "PyPI"}, "versions": ["1.4.3"]}])
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("TEST-2026-1.json", json.dumps(single))
    advisories = read_advisories(tmp_path / "all.zip")
    assert (bool(advisories.on("mako", "1.4.3")), bool(advisories.on("mako", "1.4.2"))) == (True, False)


@pytest.mark.parametrize("content", ["not json", "[]", json.dumps({"id": "X", "affected": []})])
def test_a_folder_without_advisories_is_refused_and_never_counts_as_clean(tmp_path: Path, content: str) -> None:
    folder = tmp_path / "advisories"
    folder.mkdir()
    (folder / "one.json").write_text(content)
    with pytest.raises(NoAdvisories, match="advisories"):
        read_advisories(folder)


def test_where_nobody_answers_it_says_so_in_one_sentence_and_nothing_counts_as_clean(lock: Path) -> None:
    with pytest.raises(NoSource, match=r"No advisories: .* does not answer\. Carry a copy in"):
        examine(lock, NOBODY)


FOUND = Finding("mako", "1.4.3", "TEST-2026-1", ())


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (Examination(153, (), "a folder"), packages.WELL, "153 distributions against a folder: 0 findings"),
        (Examination(153, (FOUND,), "a folder"), packages.FINDINGS, "FOUND mako 1.4.3: TEST-2026-1"),
        (NoSource("Nobody answers."), packages.UNKNOWN, "Nobody answers."),
        (NoAdvisories("It holds none."), packages.WRONG, "It holds none."),
    ],
)
def test_the_whole_examination_ends_with_its_own_code_for_each_answer(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    answer: Examination | Exception,
    code: int,
    said: str,
) -> None:
    def answered(_lock: Path, _source: str) -> Examination:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(packages, "examine", answered)
    bill = tmp_path / "build" / "bill.json"
    assert packages.main(["--lock", str(PROJECT / "requirements.lock"), "--bill", str(bill)]) == code
    heard = capsys.readouterr()
    assert said in heard.out + heard.err
    assert "0 differences from what is installed" in heard.out
    assert json.loads(bill.read_text())["bomFormat"] == "CycloneDX"


def test_an_environment_that_differs_from_the_lock_is_a_finding_even_where_nobody_answers(
    lock: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = packages.main(["--lock", str(lock), "--bill", str(tmp_path / "bill.json"), "--advisories", NOBODY])
    assert (code, "FOUND flask" in capsys.readouterr().out) == (packages.FINDINGS, True)
