"""`/store`: the shelf, reserving, handing over by code."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.households.found import household_of, search_households
from services.gateway.pages.place import villages_of_principal
from services.gateway.pages.services import points
from services.gateway.pages.store.goods import KEEPERS, add_goods
from services.gateway.pages.store.presentation import item_line, redemption_line
from services.gateway.pages.store.redemptions import add_redemptions
from services.gateway.pages.store.stock import add_stock
from services.gateway.pages.todo import Ask, AskGroup, ask_source
from services.gateway.pages.wording import _
from services.gateway.pages.words import points as points_words
from shared.identity import Principal, Role
from shared.models.registry import Household, Village
from shared.web import allow, current_principal, current_session

blueprint = Blueprint("store", __name__)
add_goods(blueprint)
add_stock(blueprint)
add_redemptions(blueprint)
_KEEPERS = (Role.KEEPER, Role.CADRE)
_VISITORS = (Role.RESIDENT, *_KEEPERS)
_API = "/api/points"


@blueprint.get("/store")
@allow(*_VISITORS)
def index() -> str:
    """The shelf of my village; for a keeper also what waits to be fetched, and the search for a household."""
    return _page("", request.args.get("code", ""))


@blueprint.post("/store/reserve")
@allow(*_VISITORS)
def reserve() -> Response | tuple[str, int]:
    """Reserve one unit, for the own household or for the one that stands at the counter."""
    form = request.form
    body: dict[str, int | None] = {"item": form.get("item", type=int), "quantity": 1}
    household = form.get("household", type=int)
    if household is not None:
        body["household"] = household
    try:
        made = points.post(
            f"{_API}/redemptions", current_principal(), body, idempotency_key=form.get("idempotency_key")
        ).data
    except ServiceProblem as problem:
        return _page(problem.detail, ""), problem.status
    flash(
        _(
            "已留好 %(name)s，占用 %(points)s。领取码 %(code)s，到超市报给管理员；不要了可以取消，分数当场退回。",
            name=made["item_name"],
            points=points_words(made["points"]),
            code=made["code"],
        ),
        "done",
    )
    return redirect(_back(household), code=303)


@blueprint.post("/store/code")
@allow(*_KEEPERS)
def find_code() -> Response:
    """Find the redemption of a code."""
    return redirect(url_for("store.index", code=request.form.get("code", "").strip().upper()), code=303)


@blueprint.post("/store/redemptions/<int:redemption_id>/fulfil")
@allow(*KEEPERS)
def fulfil(redemption_id: int) -> Response:
    """Hand over."""
    done = points.post(
        f"{_API}/redemptions/{redemption_id}/fulfil",
        current_principal(),
        {"fetched_by": request.form.get("fetched_by", "").strip()},
    ).data
    what = _("%(name)s 已交给 %(head)s 户", name=done["item_name"], head=done["head_name"])
    flash(_("%(what)s，记账 -%(points)s。", what=what, points=points_words(done["points"])), "done")
    return redirect(_from_where(done["village"]), code=303)


@blueprint.post("/store/redemptions/<int:redemption_id>/cancel")
@allow(Role.RESIDENT, *KEEPERS)
def cancel(redemption_id: int) -> Response:
    """Let go of what was reserved."""
    done = points.post(f"{_API}/redemptions/{redemption_id}/cancel", current_principal(), {"reason": ""}).data
    flash(_("已取消，占用的分数和货物都退回了。"), "done")
    return redirect(_from_where(done["village"]), code=303)


def _from_where(village: str) -> str:
    """The list of redemptions or the shelf, whichever the button stood on."""
    if request.form.get("back") == "list":
        return url_for("store.redemptions", village=village)
    return url_for("store.index")


def _back(household: int | None) -> str:
    return url_for("store.index", household=household) if household else url_for("store.index")


def _page(problem: str, code: str) -> str:
    principal = current_principal()
    keeper = principal.has(*_KEEPERS)
    chosen = request.values.get("household", type=int) if keeper else None
    query = request.args.get("q", "").strip()
    household = household_of(principal, chosen) if chosen else None
    village = household.village if household else _village(principal)
    items = points.get(f"{_API}/items", principal, village=village, limit=100).data["items"] if village else []
    redemptions, trouble = _redemptions(principal, village, chosen, code, keeper=keeper)
    return render_template(
        "store/index.html",
        keeper=keeper,
        lead=_("用积分换东西：先在这里留货，在写明的日期以前凭领取码到超市领。"),
        problem=problem or trouble,
        code=code,
        query=query,
        found=search_households(principal, query)[0] if keeper and query else [],
        household=household,
        items=[item_line(item, can_reserve=not keeper or household is not None) for item in items],
        redemptions=[redemption_line(each, keeper=keeper) for each in redemptions],
        errors={},
    )


def _redemptions(
    principal: Principal, village: str | None, household: int | None, code: str, *, keeper: bool
) -> tuple[list[dict[str, str]], str]:
    """What waits in the village, of the chosen household, of the own one, or the one of a code; and what went wrong."""
    if keeper and code:
        try:
            return list(points.get(f"{_API}/redemptions", principal, code=code).data["items"]), ""
        except ServiceProblem as problem:
            return [], problem.detail
    if not keeper:
        return list(points.get(f"{_API}/redemptions", principal, limit=20).data["items"]), ""
    if household:
        found = points.get(f"{_API}/redemptions", principal, household=household, limit=20)
    else:
        found = points.get(f"{_API}/redemptions", principal, village=village, state="reserved", limit=50)
    return list(found.data["items"]), ""


def _village(principal: Principal) -> str | None:
    """The village whose shelf is shown: a keeper's first, a resident's own."""
    session = current_session()
    if principal.has(*_KEEPERS):
        mine = villages_of_principal(session, principal, *_KEEPERS)
        return mine[0].code if mine else None
    return session.scalar(
        select(Village.code)
        .join(Household, Household.village_id == Village.id)
        .where(Household.id == principal.household_id)
    )


@ask_source(Role.KEEPER)
def goods_to_hand_over(principal: Principal) -> list[AskGroup]:
    """Reserved goods that wait to be fetched."""
    asks = []
    for village in villages_of_principal(current_session(), principal, Role.KEEPER):
        waiting = points.get(f"{_API}/redemptions", principal, village=village.code, state="reserved", limit=100).data
        count = len(waiting["items"])
        if count:
            title = _("%(village)s有 %(count)s 份货等人来领", village=village.name, count=count)
            asks.append(Ask(title, _("打开发货台"), url_for("store.index")))
    return [AskGroup(_("积分超市"), asks)]
