"""Restoring where folders are volumes: what is in them is exchanged, they stay where they are mounted."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.backup import restore
from deploy.backup.restore import Aside, mount_points


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a volume for points, which has a file, and one for intake, which has none."""
    standing = tmp_path / "files"
    for name in ("points", "intake"):
        (standing / name).mkdir(parents=True)
    (standing / "points" / "old").write_text("old")
    monkeypatch.setattr(restore, "mount_points", lambda: [str(standing / "points"), str(standing / "intake")])
    return standing


def arriving(tmp_path: Path) -> Path:
    new = tmp_path / "new"
    (new / "points" / "ab").mkdir(parents=True)
    (new / "points" / "ab" / "abc").write_text("new")
    return new


def there(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_is_in_a_volume_is_exchanged_and_the_volume_stays(tmp_path: Path, files: Path) -> None:
    volumes = [(files / name).stat().st_ino for name in ("points", "intake")]
    aside = Aside(tmp_path / "aside")
    aside.replace(files, arriving(tmp_path))
    assert there(files) == {"points/ab/abc"}
    assert [(files / name).stat().st_ino for name in ("points", "intake")] == volumes
    assert there(aside.folder) == {"old"}


def test_what_stood_in_a_volume_comes_back_where_the_proof_fails(tmp_path: Path, files: Path) -> None:
    aside = Aside(tmp_path / "aside")
    aside.replace(files, arriving(tmp_path))
    aside.bring_back()
    assert there(files) == {"points/old"}
    assert not aside.folder.exists()


def test_the_kernel_says_where_something_is_mounted() -> None:
    assert "/" in mount_points()
