"""`/store/redemptions`: what was reserved, fetched, let go and brought back; refunds."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.services import points
from services.gateway.pages.store.filled import text
from services.gateway.pages.store.goods import API, KEEPERS, WATCHERS, chosen_village
from services.gateway.pages.store.presentation import redemption_line
from services.gateway.pages.wording import _
from services.gateway.pages.words import points as points_words
from shared.web import allow, current_principal


def add_redemptions(blueprint: Blueprint) -> None:
    """Add the pages of redemptions to the topic's blueprint."""
    blueprint.add_url_rule("/store/redemptions", "redemptions", list_redemptions)
    blueprint.add_url_rule("/store/redemptions/<int:redemption_id>/refund", "refund", refund)
    blueprint.add_url_rule(
        "/store/redemptions/<int:redemption_id>/refund", "send_refund", send_refund, methods=["POST"]
    )


@allow(*WATCHERS)
def list_redemptions() -> str:
    """The village's redemptions by state, newest first."""
    principal = current_principal()
    village, villages = chosen_village()
    tabs = [
        ("reserved", _("待领取")),
        ("fulfilled", _("已领取")),
        ("refunded", _("已退货")),
        ("cancelled", _("已取消")),
        ("expired", _("逾期未领")),
    ]
    state = request.args.get("state", "reserved")
    if state not in dict(tabs):
        state = "reserved"
    found = points.get(
        f"{API}/redemptions",
        principal,
        village=village.code,
        state=state,
        limit=30,
        cursor=request.args.get("cursor"),
    ).data
    following = found["next_cursor"]
    may_keep = principal.has(*KEEPERS)
    return render_template(
        "store/redemptions.html",
        village=village,
        villages=villages,
        tabs=[
            (words, url_for("store.redemptions", village=village.code, state=name), name == state)
            for name, words in tabs
        ],
        redemptions=[redemption_line(each, keeper=True) for each in found["items"]],
        may_keep=may_keep,
        next_href=url_for("store.redemptions", village=village.code, state=state, cursor=following)
        if following
        else None,
    )


@allow(*KEEPERS)
def refund(redemption_id: int) -> str:
    """Why goods come back."""
    return _refund(redemption_id, {})


@allow(*KEEPERS)
def send_refund(redemption_id: int) -> Response | tuple[str, int]:
    """Take the goods back; the points return at once."""
    body = {"reason": text(request.form, "reason")}
    try:
        done = points.post(f"{API}/redemptions/{redemption_id}/refund", current_principal(), body).data
    except ServiceProblem as problem:
        return _refund(redemption_id, errors_of(problem)), 422
    what = _("%(name)s 已退回货架", name=done["item_name"])
    flash(_("%(what)s，退还 %(head)s 户 %(points)s。", what=what, head=done["head_name"],
            points=points_words(done["points"])), "done")  # fmt: skip
    return redirect(url_for("store.redemptions", village=done["village"], state="refunded"), code=303)


def _refund(redemption_id: int, errors: dict[str, list[str]]) -> str:
    redemption: dict[str, Any] = points.get(f"{API}/redemptions/{redemption_id}", current_principal()).data
    return render_template(
        "store/refund.html",
        redemption=redemption_line(redemption, keeper=True),
        village=redemption["village"],
        errors=errors,
        reason=request.form.get("reason", ""),
        key=request.form.get("idempotency_key"),
    )
