"""HTTP of the audit log's chain for admins and auditors, the same in every service: proved piece by piece."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from shared.audit import ChainVerdict, verify_audit
from shared.identity import Role
from shared.topology import Service
from shared.web import Blueprint, allow, current_session

VERIFIERS = (Role.ADMIN, Role.AUDITOR)
MOST_AT_ONCE = 50_000
"""Rows of one call: about a second's work."""


class ChainArguments(Schema):
    """After which number to begin (0: at the first row), and how many rows to check."""

    after = fields.Integer(load_default=0, validate=validate.Range(0, 2**62))
    limit = fields.Integer(load_default=MOST_AT_ONCE, validate=validate.Range(1, MOST_AT_ONCE))


class ChainSchema(Schema):
    """What was found. No row's content is shown: rows are told by number and id."""

    holds = fields.Boolean(required=True)
    checked = fields.Integer(required=True, metadata={"description": "这一段核对了多少行"})
    last_seq = fields.Integer(required=True, metadata={"description": "核对到第几行"})
    digest = fields.String(required=True, metadata={"description": "那一行的校验码"})
    next_after = fields.Integer(required=True, allow_none=True, metadata={"description": "下一段从这里接着；空：完了"})
    unchained = fields.Integer(required=True, metadata={"description": "刚写下、还没有编号的行"})
    broken_seq = fields.Integer(required=True, allow_none=True)
    broken_id = fields.String(required=True, allow_none=True)


def audit_blueprint(service: Service) -> Blueprint:
    """The route `/api/<service>/audit_chain`; each service's application registers one."""
    blueprint = Blueprint(f"{service}_audit", __name__, url_prefix=f"/api/{service}", description="审计记录")

    @blueprint.route("/audit_chain", endpoint="verify_audit_chain")
    @allow(*VERIFIERS)
    @blueprint.arguments(ChainArguments, location="query")
    @blueprint.response(200, ChainSchema)
    def verify_audit_chain(values: dict[str, Any]) -> ChainVerdict:
        """Check that no row of the audit log was changed, removed or put in between."""
        return verify_audit(current_session(), service, **values)

    return blueprint
