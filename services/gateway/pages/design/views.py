"""`/design`: what new pages are made of, with data that stands for the real one."""

from __future__ import annotations

from flask import Blueprint, render_template

from services.gateway.pages.charts import Bar, horizontal_bars
from shared.identity import Role
from shared.web import allow

blueprint = Blueprint("design", __name__)


@blueprint.get("/design")
@allow(Role.PUBLIC)
def show() -> str:
    """Every component in every state; nothing here is a record."""
    bars = [
        Bar("示例一村", 128.5, 6.0, "+128.50 分", "-6.00 分"),
        Bar("示例二村", 96.0, 0.0, "+96.00 分", ""),
        Bar("示例三村", 12.0, 18.5, "+12.00 分", "-18.50 分"),
    ]
    chart = horizontal_bars(
        "各村加分和减分", "三个示例村的加分画在右边，减分画在左边。", bars, headings=("村", "加分", "减分")
    )
    return render_template("design/show.html", chart=chart)


@blueprint.get("/design/dialog")
@allow(Role.PUBLIC)
def dialog() -> str:
    """The dialog's page, as it stands without JavaScript."""
    return render_template("design/dialog.html")
