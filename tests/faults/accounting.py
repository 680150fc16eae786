"""The count: what clients were told, against what the database holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.faults.journal import Journal, Operation, Told


@dataclass(slots=True)
class Held:
    """What the database and the disk hold of a drill. Ids are strings, as clients know them."""

    redemptions: Counter[str] = field(default_factory=Counter)
    """Rows by the client's key."""
    redemption_states: dict[str, str] = field(default_factory=dict)
    handed_over: Counter[str] = field(default_factory=Counter)
    """Goods that left the shelf, in moves by redemption."""
    booked: Counter[str] = field(default_factory=Counter)
    """Entries of the postings that redemptions name, by redemption."""
    events: Counter[str] = field(default_factory=Counter)
    """Rows by the client's key, which is their note."""
    event_states: dict[str, str] = field(default_factory=dict)
    demands: Counter[str] = field(default_factory=Counter)
    """Rows by the client's key, which stands in their text."""
    petitions: Counter[str] = field(default_factory=Counter)
    """Rows by the client's key, which is their official number."""
    petition_numbers: dict[str, str] = field(default_factory=dict)
    """The number under which a key's petition is registered."""
    number_gaps: int = 0
    """Numbers of the open register that were drawn and that no petition has."""
    untold: list[str] = field(default_factory=list)
    """Demands and petitions of which the message to those who should act has had no effect."""
    run_states: dict[str, str] = field(default_factory=dict)
    runs_by_key: Counter[str] = field(default_factory=Counter)
    shards_posted: Counter[str] = field(default_factory=Counter)
    """Postings by run and village."""
    files: dict[str, bool] = field(default_factory=dict)
    """Whether the bytes are there and are what the name says."""
    drafts: int = 0
    """Half-written files that even the nightly sweep leaves."""
    messages_waiting: int = 0
    messages_unhandled: int = 0
    """Outbox rows that are called done and whose id no inbox holds."""
    handled_again: Counter[str] = field(default_factory=Counter)
    """Messages that workers say they have handled more than once."""
    dead_letters: int = 0
    overdrawn: list[str] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)
    """What the auditor's verification does not find in order, and chains of audit lines that break or rest undone."""
    leaks: list[str] = field(default_factory=list)
    """Places where words of petitions stand that should be encrypted."""


@dataclass(slots=True)
class Count:
    """The figures, with a sentence for each thing that was found."""

    lost: int = 0
    doubled: int = 0
    overdrawn: int = 0
    unreadable: int = 0
    broken: int = 0
    """What has no figure in the last line and fails a drill all the same: a 500, no answer at all, a leak."""
    findings: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.overdrawn or self.unreadable or self.broken)

    def add(self, figure: str, sentence: str, number: int = 1) -> None:
        """Count something under `lost`, `doubled`, `overdrawn`, `unreadable` or `broken`."""
        if number:
            setattr(self, figure, getattr(self, figure) + number)
            self.findings.append(f"{figure}: {sentence}")


_ENDS = {"fulfil": {"fulfilled"}, "cancel": {"cancelled"}, "review": {"posted", "voided"}, "void": {"voided"}}
_ROWS = {"batch": 4}
_REFUSABLE = {"reserve", "stop"}
"""A shelf or an account may be empty, and a run may have ended before it is stopped; nothing else is ever refused."""


def settle(journal: Journal, held: Held) -> Count:
    """Compare. What was acknowledged and is not there is lost; a second effect, or one of a refusal, is doubled."""
    count = Count()
    for words, number in sorted(journal.broken.items()):
        count.add("broken", f"{words} ({number} times)", number)
    for each in journal.operations:
        _settle_answer(each, count)
        rows = _rows_of(each, held)
        if rows is None:
            _settle_act(each, held, count)
            continue
        wanted = _ROWS.get(each.act, 1)
        if each.told is Told.ACKNOWLEDGED and rows < wanted:
            count.add("lost", f"{each.act} {each.key}: acknowledged, {rows} of {wanted} rows are there", wanted - rows)
        if rows > wanted:
            count.add("doubled", f"{each.act} {each.key}: {rows} rows instead of {wanted}", rows - wanted)
        if each.told is Told.REFUSED and rows:
            count.add("doubled", f"{each.act} {each.key}: refused, and yet done ({each.facts.get('refusal')})")
        if each.told is Told.UNKNOWN and 0 < rows < wanted:
            count.add("lost", f"{each.act} {each.key}: half done, {rows} of {wanted} rows", wanted - rows)
        if each.act == "petition" and each.told is Told.ACKNOWLEDGED and rows:
            found = held.petition_numbers[each.key]
            if found != each.subject:
                count.add("lost", f"petition {each.subject}: that number was told, {found} is in the register")
    _settle_effects(held, count)
    _settle_messages(held, count)
    for sentence in held.overdrawn:
        count.add("overdrawn", sentence)
    for sentence in held.unproved:
        count.add("unreadable", sentence)
    for sentence in held.leaks:
        count.add("broken", sentence)
    return count


def _settle_answer(each: Operation, count: Count) -> None:
    """Whoever asks until all is healed is answered, and is refused only what the load itself makes impossible."""
    if each.told is Told.UNKNOWN:
        count.add("broken", f"{each.act} {each.key}: never answered, last {each.status or 'nothing'}")
    if each.told is Told.REFUSED and each.act not in _REFUSABLE:
        count.add("broken", f"{each.act} {each.key}: refused with {each.status} ({each.facts.get('refusal')})")


def _rows_of(each: Operation, held: Held) -> int | None:
    """How many rows a making operation has; None for one that changes what is there."""
    found = {
        "reserve": held.redemptions,
        "declare": held.events,
        "batch": held.events,
        "demand": held.demands,
        "petition": held.petitions,
        "run": held.runs_by_key,
    }.get(each.act)
    return None if found is None else found[each.key]


def _settle_act(each: Operation, held: Held, count: Count) -> None:
    if each.told is not Told.ACKNOWLEDGED:
        return
    if each.act in ("fulfil", "cancel"):
        state = held.redemption_states.get(each.subject)
        _require(each, state, _ENDS[each.act], count)
    elif each.act in ("review", "void"):
        _require(each, held.event_states.get(each.subject), _ENDS[each.act], count)
    elif each.act in ("stop", "resume", "run_ended"):
        _require(each, held.run_states.get(each.subject), {"done"}, count)
    elif each.act == "open":
        if each.subject not in held.petition_numbers.values():
            count.add("lost", f"petition {each.subject}: opened, and nobody knows it")
    elif each.act == "photo":
        if each.subject not in held.files:
            count.add("lost", f"photo {each.subject}: acknowledged, and nobody knows it")
        elif not held.files[each.subject]:
            count.add("unreadable", f"photo {each.subject}: its bytes are not there or not its own")


def _require(each: Operation, state: str | None, wanted: set[str], count: Count) -> None:
    if state not in wanted:
        count.add("lost", f"{each.act} of {each.subject}: acknowledged, and yet it is {state}")


def _settle_effects(held: Held, count: Count) -> None:
    """What no client sees at once: goods, entries, postings, ends of runs, numbers."""
    for redemption, state in held.redemption_states.items():
        wanted = 1 if state == "fulfilled" else 0
        for what, found in (("handed over", held.handed_over), ("booked", held.booked)):
            if found[redemption] > wanted:
                count.add("doubled", f"redemption {redemption} ({state}) is {what} {found[redemption]} times")
            elif found[redemption] < wanted:
                count.add("lost", f"redemption {redemption} ({state}) is not {what}")
    for shard, postings in held.shards_posted.items():
        count.add("doubled", f"shard {shard} has posted {postings} times", postings - 1)
    for run, state in held.run_states.items():
        if state != "done":
            count.add("lost", f"run {run} rests as {state}")
    count.add("lost", f"{held.number_gaps} numbers of the register were drawn and lead nowhere", held.number_gaps)
    count.add("unreadable", f"{held.drafts} half-written files", held.drafts)


def _settle_messages(held: Held, count: Count) -> None:
    """Every message handled, once, with its effect."""
    count.add("lost", f"{held.messages_waiting} messages wait although all is at rest", held.messages_waiting)
    count.add(
        "lost", f"{held.messages_unhandled} messages are called done and were not handled", held.messages_unhandled
    )
    for source in held.untold:
        count.add("lost", f"{source}: those who should act were never told")
    for message, times in held.handled_again.items():
        count.add("doubled", f"message {message} was handled {times} times", times - 1)
    count.add("unreadable", f"{held.dead_letters} dead letters", held.dead_letters)
