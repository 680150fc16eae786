"""Schemas of the rulebooks' API. Amounts are decimal strings, villages their codes."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.points.rulebooks.lines import CODE_FORM, CategoryLine, Step
from shared.amounts import Hundredths
from shared.models.points import (
    CapPeriod,
    Evidence,
    Expiry,
    Mode,
    Once,
    Per,
    Review,
    RulebookState,
    WaiverKind,
)
from shared.quarters import Quarter

_CODE = validate.Regexp(CODE_FORM, error="代码用 1 到 20 个字母、数字或汉字。")


class CategorySchema(Schema):
    """A category; `cap_quarter` limits a household's positive points in a quarter."""

    code = fields.String(required=True, validate=_CODE)
    name = fields.String(required=True, validate=validate.Length(1, 60))
    cap_quarter = Hundredths(load_default=None, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **_options: Any) -> CategoryLine:
        return CategoryLine(**data)


class StepSchema(Schema):
    """A tier (from this quantity on) or a step (`1.00` is the first time)."""

    threshold = Hundredths(required=True)
    points = Hundredths(required=True)

    @post_load
    def make(self, data: dict[str, Any], **_options: Any) -> Step:
        return Step(**data)


class RuleSchema(Schema):
    """One line of a revision. `village` marks a village's own extra line."""

    code = fields.String(required=True, validate=_CODE)
    category = fields.String(required=True, validate=_CODE)
    title = fields.String(required=True, validate=validate.Length(1, 200))
    unit = fields.String(required=True, validate=validate.Length(1, 10))
    mode = fields.Enum(Mode, by_value=True, required=True)
    points = Hundredths(load_default=None, allow_none=True)
    minimum = Hundredths(load_default=None, allow_none=True)
    maximum = Hundredths(load_default=None, allow_none=True)
    per = fields.Enum(Per, by_value=True, load_default=None, allow_none=True)
    steps = fields.List(fields.Nested(StepSchema), load_default=list, validate=validate.Length(max=30))
    cap = Hundredths(load_default=None, allow_none=True)
    cap_period = fields.Enum(CapPeriod, by_value=True, load_default=None, allow_none=True)
    once = fields.Enum(Once, by_value=True, load_default=None, allow_none=True)
    evidence = fields.Enum(Evidence, by_value=True, load_default=Evidence.NONE)
    review = fields.Enum(Review, by_value=True, load_default=Review.SINGLE)
    expiry = fields.Enum(Expiry, by_value=True, load_default=Expiry.NEVER)
    valid_months = fields.Integer(strict=True, load_default=None, allow_none=True)
    max_quantity = Hundredths(load_default=100_00)
    common = fields.Boolean(load_default=False)
    village = fields.String(load_default=None, allow_none=True, validate=validate.Length(equal=12))


class RulebookLineSchema(Schema):
    """A revision in the list."""

    revision = fields.Integer(required=True)
    title = fields.String(required=True)
    summary = fields.String(required=True)
    state = fields.Enum(RulebookState, by_value=True, required=True)
    based_on = fields.Integer(allow_none=True, required=True)
    published_at = fields.AwareDateTime(allow_none=True, required=True)
    version = fields.Integer(required=True)


class KeptLineSchema(Schema):
    """A line that the lint has asked about, and the published reason why it stays."""

    rule_code = fields.String(attribute="finding.rule_code", required=True)
    kind = fields.Enum(WaiverKind, by_value=True, attribute="waiver.kind", required=True)
    reason = fields.String(attribute="waiver.reason", required=True)


class RulebookSchema(RulebookLineSchema):
    """A revision with its lines."""

    categories = fields.List(fields.Nested(CategorySchema), required=True)
    rules = fields.List(fields.Nested(RuleSchema), required=True)
    kept = fields.List(fields.Nested(KeptLineSchema), required=True)


class NewRulebookSchema(Schema):
    """A new draft: with these lines (none for an empty one), or a copy of revision `copy_of`, else of the newest."""

    title = fields.String(required=True, validate=validate.Length(1, 120))
    summary = fields.String(load_default="", validate=validate.Length(max=2000))
    copy_of = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(1, 1_000_000))
    categories = fields.List(
        fields.Nested(CategorySchema), load_default=None, allow_none=True, validate=validate.Length(max=60)
    )
    rules = fields.List(
        fields.Nested(RuleSchema), load_default=None, allow_none=True, validate=validate.Length(max=500)
    )


class RulebookEditSchema(Schema):
    """All lines of a draft, as they shall be."""

    title = fields.String(required=True, validate=validate.Length(1, 120))
    summary = fields.String(load_default="", validate=validate.Length(max=2000))
    categories = fields.List(fields.Nested(CategorySchema), required=True, validate=validate.Length(max=60))
    rules = fields.List(fields.Nested(RuleSchema), required=True, validate=validate.Length(max=500))


class RulebookArguments(Schema):
    """Which lines of a revision: those that hold in a village, or only the 常用十条."""

    village = fields.String(load_default=None, validate=validate.Length(equal=12))
    common = fields.Boolean(load_default=False)


class FindingSchema(Schema):
    """A line that trips the lint, and how people answered it."""

    rule_code = fields.String(attribute="finding.rule_code", required=True)
    title = fields.String(attribute="finding.title", required=True)
    finding = fields.String(attribute="finding.finding", required=True)
    found = fields.String(attribute="finding.found", required=True)
    reason = fields.String(attribute="finding.reason", required=True)
    overridable = fields.Boolean(attribute="finding.overridable", required=True)
    settled = fields.Boolean(required=True)
    answer = fields.Enum(WaiverKind, by_value=True, attribute="waiver.kind", dump_default=None, allow_none=True)
    answer_reason = fields.String(attribute="waiver.reason", dump_default="")
    answered_by = fields.String(required=True)
    answered_by_id = fields.String(attribute="waiver.first_by", dump_default=None, allow_none=True)
    answered_at = fields.AwareDateTime(attribute="waiver.first_at", dump_default=None, allow_none=True)
    confirmed_by = fields.String(required=True)


class LintSchema(Schema):
    """All findings of a revision."""

    findings = fields.List(fields.Nested(FindingSchema), required=True)
    settled = fields.Boolean(required=True)


class WaiverSchema(Schema):
    """An answer to a finding."""

    rule_code = fields.String(required=True, validate=_CODE)
    finding = fields.String(required=True, validate=validate.Length(1, 40))
    kind = fields.Enum(WaiverKind, by_value=True, required=True)
    reason = fields.String(required=True, validate=validate.Length(1, 400))


class MatterSchema(Schema):
    """The resolution 决议 that decided."""

    number = fields.String(required=True, validate=validate.Length(1, 60))
    decided_on = fields.Date(required=True)
    scan = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))


class ScanFileSchema(Schema):
    """The scan of a resolution: a photo or a PDF."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class ScanSchema(Schema):
    """A stored scan: `sha256` goes into the adoption's `matter.scan` within two days."""

    sha256 = fields.String(required=True)
    name = fields.String(required=True)
    size = fields.Integer(required=True)


class RulebookCorrectionSchema(Schema):
    """更正: which lines were mistyped, and the reason that is published."""

    lines = fields.List(fields.String(validate=_CODE), required=True, validate=validate.Length(1, 100))
    reason = fields.String(required=True, validate=validate.Length(1, 400))


class NewAdoptionSchema(Schema):
    """What a village has decided. Without `matter` it is on trial 试行."""

    village = fields.String(required=True, validate=validate.Length(equal=12))
    effective_from = fields.Date(required=True)
    matter = fields.Nested(MatterSchema, load_default=None, allow_none=True)
    correction = fields.Nested(RulebookCorrectionSchema, load_default=None, allow_none=True)
    trial_quarters = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(1, 2))


class AdoptionSchema(Schema):
    """An adoption, as it stands on the page and on boards."""

    id = fields.String(required=True)
    village = fields.String(required=True)
    village_name = fields.String(required=True)
    revision = fields.Integer(required=True)
    from_quarter = Quarter(required=True)
    matter_number = fields.String(allow_none=True, required=True)
    matter_on = fields.Date(allow_none=True, required=True)
    matter_proven_at = fields.AwareDateTime(allow_none=True, required=True)
    has_scan = fields.Boolean(required=True)
    trial = fields.Boolean(required=True)
    trial_quarters = fields.Integer(allow_none=True, required=True)
    correction = fields.Boolean(required=True)
    correction_lines = fields.List(fields.String(), required=True)
    correction_reason = fields.String(required=True)
    adopted_at = fields.AwareDateTime(required=True)


class AdoptionListSchema(Schema):
    """Every adoption of the township, by village, the newest first."""

    adoptions = fields.List(fields.Nested(AdoptionSchema), required=True)
