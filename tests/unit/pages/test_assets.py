"""Files of the design: small, kept for a year under their content's hash, never from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

from services.gateway.pages.assets import STATIC_DIR, current_digest, tree_digest
from tests.unit.pages.conftest import SignIn

TEMPLATES = STATIC_DIR.parent / "templates"


def test_a_file_under_the_present_hash_is_kept_for_a_year(browser: SignIn) -> None:
    answer = browser().get(f"/assets/{current_digest()}/xiangzhi.css")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_file_under_an_older_hash_answers_but_is_not_kept(browser: SignIn) -> None:
    answer = browser().get("/assets/000000000000/xiangzhi.css")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


def test_a_changed_file_changes_the_hash(tmp_path: Path) -> None:
    file = tmp_path / "a.css"
    file.write_text("a")
    before = tree_digest(tmp_path)
    file.write_text("b")
    assert tree_digest(tmp_path) != before


def test_the_first_visit_of_the_public_page_stays_under_60_kilobytes(browser: SignIn) -> None:
    client = browser()
    page = client.get("/")
    names = ["xiangzhi.css", "icon.svg", *(f"js/{path.name}" for path in (STATIC_DIR / "js").glob("*.js"))]
    files = [client.get(f"/assets/{current_digest()}/{name}") for name in names]
    assert len(page.data) + sum(len(file.data) for file in files) <= 60 * 1024


def test_templates_hold_no_inline_script_or_style_and_nothing_from_elsewhere() -> None:
    found = [
        f"{path.name}: {match[0]}"
        for path in TEMPLATES.rglob("*.html")
        for match in re.finditer(
            r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=|javascript:|(?:src|href)=\"https?://", path.read_text()
        )
    ]
    assert found == []


def test_every_colour_of_text_has_enough_contrast_on_its_ground() -> None:
    sheet = (STATIC_DIR / "xiangzhi.css").read_text()
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", sheet))
    grounds = [colours[name] for name in ("ground", "sheet")]
    pairs = [(colours[name], ground) for name in ("ink", "quiet", "main", "late", "done", "soon") for ground in grounds]
    pairs += [(colours[name], colours[f"{name}-pale"]) for name in ("main", "late", "done", "soon")]
    pairs += [("#ffffff", colours["main"]), ("#ffffff", colours["main-dark"])]
    assert {pair: contrast(*pair) for pair in pairs if contrast(*pair) < 4.5} == {}


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of two colours."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
