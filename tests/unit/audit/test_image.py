"""What an image holds that it should not is found in its tar, without any engine."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

import pytest

from deploy.audit.image.__main__ import FINDINGS, UNKNOWN, WELL, WRONG, main
from deploy.audit.image.layers import opened
from deploy.audit.image.tree import Tree, merged
from tests.unit.audit.images import DEBIAN, SETTINGS, Entry, Layer, oci, root_file_system, saved

KEY = "-----BEGIN " + "PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w\n"


def tree_of(path: Path) -> Tree:
    with opened(path) as image:
        return merged(image)


@pytest.fixture
def tracker(tmp_path: Path) -> Path:
    """Advisories in the form of Debian's tracker: one mended later, one earlier, one open, one unimportant."""
    path = tmp_path / "tracker.json"

    def state(status: str, fixed: str = "", urgency: str = "medium") -> dict[str, object]:
        return {"releases": {"bookworm": {"status": status, "fixed_version": fixed, "urgency": urgency}}}

    openssl = {
        "CVE-0000-1": state("resolved", "3.0.15-1~deb12u2"),
        "CVE-0000-2": state("resolved", "3.0.9-1"),
        "CVE-0000-3": state("open"),
        "CVE-0000-4": state("open", urgency="unimportant"),
        "CVE-0000-5": {"releases": {"trixie": {"status": "open"}}},
    }
    path.write_text(json.dumps({"openssl": openssl, "zlib": {"CVE-0000-6": state("resolved", "0")}}))
    return path


@pytest.fixture
def mended(tmp_path: Path) -> Path:
    path = tmp_path / "mended.json"
    state = {"releases": {"bookworm": {"status": "resolved", "fixed_version": "1"}}}
    path.write_text(json.dumps({"openssl": {"CVE-0000-2": state}}))
    return path


@pytest.mark.parametrize("form", [saved, oci], ids=["saved", "oci"])
def test_layers_lie_over_each_other_and_hide_what_a_higher_one_removed(tmp_path: Path, form: object) -> None:
    lower: Layer = {
        "app/old": Entry("1"),
        "app/kept": Entry("1"),
        "cache/one": Entry("1"),
        "cache/two/three": Entry("1"),
    }
    upper: Layer = {"app/.wh.old": Entry(), "cache/.wh..wh..opq": Entry(), "cache/new": Entry("2")}
    assert callable(form)
    tree = tree_of(form(tmp_path / "image.tar", [lower, upper]))
    assert set(tree.files) == {"app/kept", "cache/new"}


def test_an_oci_layout_is_read_as_a_folder_too(tmp_path: Path) -> None:
    packed = oci(tmp_path / "image.tar", [DEBIAN])
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path / "layout", filter="data")
    assert set(tree_of(tmp_path / "layout").files) == set(DEBIAN)


def test_a_root_file_system_by_itself_is_one_layer(tmp_path: Path) -> None:
    assert set(tree_of(root_file_system(tmp_path / "root.tar", DEBIAN)).files) == set(DEBIAN)


def test_a_clean_image_ends_well(tmp_path: Path, mended: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clean: Layer = {
        **DEBIAN,
        "tmp": Entry(mode=0o1777, is_directory=True),
        "data": Entry(mode=0o700, owner=10001, is_directory=True),
        "usr/lib/python3/dist-packages/x.py": Entry("url = 'redis://scott:tiger@host'"),
    }
    image = saved(tmp_path / "image.tar", [clean])
    assert main([str(image), "--advisories", str(mended)]) == WELL
    assert "FOUND" not in capsys.readouterr().out
    assert main([str(image)]) == UNKNOWN


@pytest.mark.parametrize(
    ("path", "entry", "said"),
    [
        ("usr/bin/su", Entry("x", mode=0o4755), "/usr/bin/su runs with other rights (4755)"),
        ("app/settings.py", Entry("x", mode=0o666), "/app/settings.py can be changed by everybody (0666)"),
        ("data", Entry(mode=0o777, is_directory=True), "/data can be changed by everybody (0777)"),
        ("app/main.py", Entry("x", owner=10001), "/app/main.py belongs to 10001, not to root"),
        ("usr/bin/gcc", Entry("x", mode=0o755), "/usr/bin/gcc builds or installs programs"),
        ("usr/local/bin/pip3.11", Entry("x", mode=0o755), "/usr/local/bin/pip3.11 builds or installs programs"),
        ("usr/lib/python3/dist-packages/pip", Entry(mode=0o755, is_directory=True), "dist-packages/pip installs"),
        ("app/.env", Entry("A=1"), "/app/.env: a file of this name holds secrets"),
        ("etc/tls.pem", Entry(KEY), "/etc/tls.pem: line 1: private key"),
        ("app/run.sh", Entry("\nREDIS_URL=redis://:pass-of-ours@redis"), "/app/run.sh: line 2: password in an address"),
    ],
)
def test_each_kind_of_finding_is_told_with_its_place(
    tmp_path: Path, mended: Path, path: str, entry: Entry, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    image = saved(tmp_path / "image.tar", [{**DEBIAN, path: entry}])
    assert main([str(image), "--advisories", str(mended)]) == FINDINGS
    found = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FOUND")]
    assert len(found) == 1
    assert said in found[0]
    assert main([str(image), "--advisories", str(mended), "--allow", f"*{path}*"]) == WELL


def test_a_secret_that_a_higher_layer_removed_is_still_found(tmp_path: Path) -> None:
    image = saved(tmp_path / "image.tar", [{**DEBIAN, "etc/tls.pem": Entry(KEY)}, {"etc/.wh.tls.pem": Entry()}])
    tree = tree_of(image)
    assert "etc/tls.pem" not in tree.files
    assert tree.secrets == ["layer 1: /etc/tls.pem: line 1: private key (----…)"]


@pytest.mark.parametrize(
    ("settings", "made_by", "said"),
    [
        ({**SETTINGS, "User": "root"}, "", "the image runs as root"),
        ({**SETTINGS, "User": ""}, "", "the image runs as root"),
        ({**SETTINGS, "Healthcheck": None}, "", "the image has no HEALTHCHECK"),
        ({**SETTINGS, "Env": ["ADMIN_PASSWORD=x1"]}, "", "environment: ADMIN_PASSWORD has a value"),
        ({**SETTINGS, "Labels": {"a": "amqp://me:secret9@host"}}, "", "label a: line 1: password in an address"),
        (SETTINGS, "RUN pip install -i https://me:secret9@index/simple", "step 1 of its making: line 1: password"),
    ],
)
def test_settings_and_the_way_it_was_made_are_examined_too(
    tmp_path: Path,
    mended: Path,
    settings: dict[str, object],
    made_by: str,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    image = saved(tmp_path / "image.tar", [DEBIAN], settings, made_by)
    assert main([str(image), "--advisories", str(mended)]) == FINDINGS
    out = capsys.readouterr().out
    assert said in out
    assert "secret9" not in out


def test_a_package_that_debian_has_mended_since_is_a_finding_and_an_open_one_is_told(
    tmp_path: Path, tracker: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = saved(tmp_path / "image.tar", [DEBIAN])
    assert main([str(image), "--advisories", str(tracker)]) == FINDINGS
    out = capsys.readouterr().out
    assert "FOUND libssl3 3.0.15-1~deb12u1: CVE-0000-1 (medium), mended in 3.0.15-1~deb12u2" in out
    assert "open  libssl3 3.0.15-1~deb12u1: CVE-0000-3 (medium), not mended by Debian yet" in out
    assert not any(f"CVE-0000-{number}" in out for number in (2, 4, 5, 6))
    assert main([str(image), "--advisories", str(tracker), "--release", "sid"]) == WELL


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"openssl": {"CVE-0000-1": {}}}'])
def test_a_file_that_is_no_tracker_never_counts_as_clean(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tracker.json"
    path.write_text(content)
    assert main([str(saved(tmp_path / "image.tar", [DEBIAN])), "--advisories", str(path)]) == WRONG


def test_an_image_without_debians_list_of_packages_never_counts_as_clean(tmp_path: Path, mended: Path) -> None:
    image = saved(tmp_path / "image.tar", [{"etc/os-release": DEBIAN["etc/os-release"]}])
    assert main([str(image), "--advisories", str(mended)]) == WRONG


def test_what_is_no_image_or_not_a_whole_one_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "words").write_text("no image")
    (tmp_path / "folder").mkdir()
    whole = saved(tmp_path / "image.tar", [DEBIAN])
    with tarfile.open(whole) as archive:
        archive.extractall(tmp_path / "parts", filter="data")
    shutil.rmtree(tmp_path / "parts" / "layer-0")
    with tarfile.open(tmp_path / "partial.tar", "w") as archive:
        archive.add(tmp_path / "parts", arcname=".")
    for name in ("words", "folder", "partial.tar", "missing"):
        assert main([str(tmp_path / name)]) == WRONG, name
        assert len(capsys.readouterr().err.splitlines()) == 1
