"""What waits for a village's decision: a new revision, and a trial that ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from flask import url_for

from services.gateway.pages.place import VillageName, villages_of_principal
from services.gateway.pages.revisions.books import list_books
from services.gateway.pages.revisions.standing import Adoption, adopted_in, adoptions_of
from services.gateway.pages.todo import Ask, AskGroup, ask_source
from services.gateway.pages.wording import _
from services.gateway.pages.words import quarter_words
from shared.calendar import today
from shared.identity import Principal, Role
from shared.quarters import first_day, format_quarter, last_day, parse_quarter, quarter_of
from shared.web import current_session

_NEWS = timedelta(days=92)
"""How long a published revision is a village's business to decide on: a quarter."""


def add_asks() -> None:
    """Put both among what waits for a cadre."""
    for source in (revisions_to_decide, trials_to_settle):
        ask_source(Role.CADRE)(source)


def revisions_to_decide(principal: Principal) -> list[AskGroup]:
    """The newest revision, while it is new, in villages that have not adopted it: a cadre brings it to the village."""
    newest = next((book for book in list_books() if book["state"] == "published"), None)
    if newest is None:
        return []
    since = date.fromisoformat(newest["published_at"][:10])
    adopted = {each["village"] for each in adoptions_of(principal) if each["revision"] == newest["revision"]}
    own = villages_of_principal(current_session(), principal, Role.CADRE)
    if today() - since > _NEWS:
        return []
    asks = [
        Ask(
            _("%(village)s：要不要采用第 %(n)s 版", village=village.name, n=newest["revision"]),
            _("办理采用"),
            url_for("revisions.ask_adopt", revision=newest["revision"], village=village.code),
            since,
            detail=newest["title"],
        )
        for village in own
        if village.code not in adopted
    ]
    return [AskGroup(_("新的积分细则等村里决定"), asks)]


def trials_to_settle(principal: Principal) -> list[AskGroup]:
    """Trials in their last quarter, or over with nothing in force since: a matter makes the revision permanent."""
    adoptions = adoptions_of(principal)
    own = villages_of_principal(current_session(), principal, Role.CADRE)
    asks = [ask for village in own if (ask := _trial_of(village, adoptions)) is not None]
    return [AskGroup(_("试行的积分细则等村里决定"), asks)]


def _trial_of(village: VillageName, adoptions: Sequence[Adoption]) -> Ask | None:
    """The village's newest adoption, where it is a trial that ends with this quarter or that nothing has followed."""
    own = [each for each in adoptions if each["village"] == village.code]
    newest = max(own, key=lambda each: (each["revision"], not each["trial"]), default=None)
    if newest is None or not newest["trial"]:
        return None
    end, now = parse_quarter(newest["from_quarter"]) + newest["trial_quarters"] - 1, quarter_of(today())
    if end > now or (end < now and adopted_in(own, village.code, now) is not None):
        return None
    title = _(
        "%(village)s：第 %(n)s 版试行到%(quarter)s", village=village.name, n=newest["revision"],
        quarter=quarter_words(format_quarter(end)),
    )  # fmt: skip
    return Ask(
        title,
        _("办理正式采用"),
        url_for("revisions.ask_adopt", revision=newest["revision"], village=village.code),
        first_day(end),
        last_day(end),
    )
