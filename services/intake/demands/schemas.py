"""Schemas of the demands' API. Ids are strings; names stand beside codes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate
from webargs.fields import DelimitedList

from services.intake.demands.statistics import Grouping
from shared.models.intake_kinds import DemandAction, DemandChannel, DemandState
from shared.web import Id, PageArguments

_TEXT = validate.Length(max=2000)


class NewDemandSchema(Schema):
    """What someone reports. Lengths of the text are checked by the domain, with all other errors at once."""

    village = fields.String(required=True, validate=validate.Length(1, 12))
    category = fields.String(load_default="", validate=validate.Length(max=20))
    text = fields.String(required=True, validate=validate.Length(max=20000))
    reporter_name = fields.String(required=True, validate=validate.Length(max=200))
    phone = fields.String(load_default="", validate=validate.Length(max=40))
    group_id = Id(load_default=None, allow_none=True)
    household_id = Id(load_default=None, allow_none=True)
    place = fields.String(load_default="", validate=validate.Length(max=200))
    is_urgent = fields.Boolean(load_default=False)
    channel = fields.Enum(DemandChannel, by_value=True, load_default=DemandChannel.PAGE)
    complains_of_official = fields.Boolean(load_default=False)


class ReceivedSchema(Schema):
    """Number and code to write down. `id` is empty for what was sealed to petitions."""

    id = fields.String(required=True)
    number = fields.String(required=True)
    code = fields.String(required=True)
    received_on = fields.Date(required=True)
    due_on = fields.Date(allow_none=True, required=True)
    is_sealed = fields.Boolean(required=True)


class DemandListArguments(PageArguments):
    """Filters of the list; `order` oldest or newest."""

    state = DelimitedList(fields.Enum(DemandState, by_value=True), load_default=list)
    village = fields.String(load_default=None)
    category = fields.String(load_default=None)
    office_id = Id(load_default=None)
    query = fields.String(load_default="", validate=validate.Length(max=60))
    waits_for_me = fields.Boolean(load_default=False)
    since = fields.Date(load_default=None)
    until = fields.Date(load_default=None)
    order = fields.String(load_default="oldest", validate=validate.OneOf(["oldest", "newest"]))


class DemandSchema(Schema):
    """A demand for those inside, and for the household that reported it."""

    id = fields.String(attribute="demand.id")
    number = fields.String(attribute="demand.number")
    state = fields.Enum(DemandState, by_value=True, attribute="demand.state")
    state_words = fields.String()
    channel = fields.Enum(DemandChannel, by_value=True, attribute="demand.channel")
    is_urgent = fields.Boolean(attribute="demand.is_urgent")
    text = fields.String(attribute="demand.text")
    place = fields.String(attribute="demand.place")
    reporter_name = fields.String(attribute="demand.reporter_name")
    phone_masked = fields.String()
    village = fields.String(attribute="village_code")
    village_name = fields.String()
    group_name = fields.String()
    household_id = fields.String(attribute="demand.household_id", allow_none=True)
    category = fields.String(attribute="category_code")
    category_name = fields.String()
    office_id = fields.String(attribute="demand.office_id", allow_none=True)
    office_name = fields.String()
    assignee_id = fields.String(attribute="demand.assignee_id", allow_none=True)
    assignee_name = fields.String()
    public_answer = fields.String(attribute="demand.public_answer")
    private_answer = fields.String(attribute="demand.private_answer")
    received_on = fields.Date(attribute="demand.received_on")
    due_on = fields.Date(attribute="demand.due_on")
    due_is_provisional = fields.Boolean(attribute="demand.due_is_provisional")
    is_overdue = fields.Boolean()
    answered_on = fields.Date(attribute="demand.answered_on", allow_none=True)
    closed_on = fields.Date(attribute="demand.closed_on", allow_none=True)
    converted_on = fields.Date(attribute="demand.converted_on", allow_none=True)
    petition_state = fields.String(attribute="demand.petition_state")
    reopened = fields.Integer(attribute="demand.reopened")
    allowed = fields.List(fields.Enum(DemandAction, by_value=True))
    version = fields.Integer(attribute="demand.version")


class StepSchema(Schema):
    """One act in the history."""

    on = fields.Date()
    action = fields.Enum(DemandAction, by_value=True)
    state_words = fields.String()
    actor_name = fields.String()
    note = fields.String()


class DemandDetailSchema(DemandSchema):
    """One demand with its history."""

    steps = fields.List(fields.Nested(StepSchema))


class ActSchema(Schema):
    """What is done. The table of transitions says which action the state allows, and what it needs."""

    action = fields.Enum(
        DemandAction,
        by_value=True,
        required=True,
        validate=validate.NoneOf([DemandAction.CONVERT, DemandAction.CONCLUDE], error="这一步不在这里办理。"),
    )
    note = fields.String(load_default="", validate=_TEXT)
    office_id = Id(load_default=None, allow_none=True)
    assignee_id = Id(load_default=None, allow_none=True)
    household_id = Id(load_default=None, allow_none=True)
    public_answer = fields.String(load_default="", validate=_TEXT)
    private_answer = fields.String(load_default="", validate=_TEXT)


class ConversionSchema(Schema):
    """Whether the matter complains of a cadre or an office: then nothing but number and date stays here."""

    complains_of_official = fields.Boolean(required=True)


class ConvertedSchema(Schema):
    """What was handed over."""

    number = fields.String(required=True)
    is_sealed = fields.Boolean(required=True)


class FollowSchema(Schema):
    """Number and code, as they are typed."""

    number = fields.String(required=True, validate=validate.Length(1, 40))
    code = fields.String(required=True, validate=validate.Length(1, 40))


class FollowActSchema(FollowSchema):
    """What the reporter does: 确认办结, 重新办理, 撤回."""

    action = fields.Enum(
        DemandAction,
        by_value=True,
        required=True,
        validate=validate.OneOf(
            [DemandAction.CONFIRM, DemandAction.REOPEN, DemandAction.WITHDRAW],
            error="只能确认办结、要求重新办理或撤回。",
        ),
    )
    note = fields.String(load_default="", validate=_TEXT)


class FollowedSchema(Schema):
    """What the reporter sees. For a petition: number and day only, the rest is told by the petitions service."""

    number = fields.String(required=True)
    is_petition = fields.Boolean(required=True)
    received_on = fields.Date(required=True)
    state = fields.String(load_default="")
    state_words = fields.String()
    petition_state = fields.String()
    village_name = fields.String()
    category_name = fields.String()
    text = fields.String()
    due_on = fields.Date(allow_none=True)
    is_overdue = fields.Boolean()
    public_answer = fields.String()
    private_answer = fields.String()
    allowed = fields.List(fields.Enum(DemandAction, by_value=True))
    steps = fields.List(fields.Nested(StepSchema))


class PurposeSchema(Schema):
    """Why a masked value is opened; kept in the audit log."""

    purpose = fields.String(required=True, validate=validate.Length(2, 200))


class OpenedSchema(Schema):
    """The full value."""

    value = fields.String(required=True)


class FiguresArguments(Schema):
    """The period, both days included, and by what lines are told apart."""

    since = fields.Date(required=True)
    until = fields.Date(required=True)
    by = fields.Enum(Grouping, by_value=True, load_default=Grouping.VILLAGE)


class FiguresLineSchema(Schema):
    """One line of figures."""

    key = fields.String()
    name = fields.String()
    collected = fields.Integer()
    solved = fields.Integer()
    on_time = fields.Integer()
    unanswered = fields.Integer()
    overdue = fields.Integer()
    converted = fields.Integer()


class FiguresSchema(Schema):
    """Total and lines."""

    total = fields.Nested(FiguresLineSchema)
    lines = fields.List(fields.Nested(FiguresLineSchema))


class WaitingSchema(Schema):
    """One line of what waits for someone."""

    state = fields.Enum(DemandState, by_value=True)
    count = fields.Integer()
    overdue = fields.Integer()
    oldest_on = fields.Date()
    oldest_id = fields.String()


class WaitingListSchema(Schema):
    """What waits, the oldest first."""

    lines = fields.List(fields.Nested(WaitingSchema))
