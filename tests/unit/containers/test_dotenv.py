"""The file .env keeps what people wrote in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.containers.dotenv import read_dotenv, write_dotenv
from deploy.containers.engine import CannotRun
from deploy.containers.scale import parse, variable_of


def test_other_lines_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# our township\nXZ_PUBLIC_URL='https://xz.example.cn'\nXZ_VERSION=1\n", encoding="utf-8")
    write_dotenv(path, {"XZ_VERSION": "2", "POINTS_SCALE": "3"})
    assert path.read_text(encoding="utf-8").splitlines()[:2] == [
        "# our township",
        "XZ_PUBLIC_URL='https://xz.example.cn'",
    ]
    assert read_dotenv(path) == {
        "XZ_PUBLIC_URL": "https://xz.example.cn",
        "XZ_VERSION": "2",
        "POINTS_SCALE": "3",
    }


def test_a_missing_file_has_no_settings(tmp_path: Path) -> None:
    assert read_dotenv(tmp_path / ".env") == {}


def test_a_role_is_scaled_by_its_name() -> None:
    assert parse(["points-bulk-worker=4", "points=2"]) == {"points-bulk-worker": 4, "points": 2}
    assert variable_of("points-bulk-worker") == "POINTS_BULK_WORKER_SCALE"


@pytest.mark.parametrize("words", [[], ["point=2"], ["points"], ["points=0"], ["points=many"], ["points=65"]])
def test_what_can_not_be_scaled_is_said(words: list[str]) -> None:
    with pytest.raises(CannotRun):
        parse(words)
