"""The API's description, from the same schemas that parse and dump; no page, nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

import flask_smorest
from apispec import BasePlugin
from flask import Flask
from flask_smorest.utils import prepare_response
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException

from shared.amounts import Hundredths
from shared.topology import Service
from shared.web.parsing import BodyParser
from shared.web.problems import MEDIA_TYPE, problem_of

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
VERSION = "1"
_END = r"\Z"
_FILE = {"type": "string", "format": "binary"}
IDEMPOTENCY_PARAMETER = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "description": "防重复编号：同一份内容重发时不变，得到同一条记录",
    "schema": {"type": "string", "minLength": 8, "maxLength": 64},
}
IF_MATCH_PARAMETER = {
    "in": "header",
    "name": "If-Match",
    "description": "改之前看到的版本：GET 答复里的 ETag，原样送回",
    "schema": {"type": "string", "example": '"v1"'},
}
_TITLES = {
    Service.INTAKE: "台账与诉求",
    Service.POINTS: "积分",
    Service.PETITIONS: "信访与村级议事",
    Service.GATEWAY: "登录与消息",
}


class ProblemSchema(Schema):
    """RFC 9457, with `number` for people and `errors` per field."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    number = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest is untyped, its decorators too
    """A topic's routes. Documents who may call them, and where an `Idempotency-Key` or `If-Match` is needed."""

    ARGUMENTS_PARSER = BodyParser()

    def __init__(self, name: str, import_name: str, *, url_prefix: str | None = None, description: str = "") -> None:
        super().__init__(name, import_name, url_prefix=url_prefix, description=description)
        self._prepare_doc_cbks.append(self._prepare_rules_doc)

    def route(self, rule: str, **options: Any) -> Decorator:
        """Register a view function for `rule`."""
        return cast(Decorator, super().route(rule, **options))

    def arguments(self, schema: type[Schema] | Schema, *, location: str = "json", **options: Any) -> Decorator:
        """Parse `location` (json, query, form, files) with `schema`; the values are the view's next argument."""
        return cast(Decorator, super().arguments(schema, location=location, **options))

    def response(
        self, status_code: int, schema: type[Schema] | Schema | dict[str, str] | None = None, **options: Any
    ) -> Decorator:
        """Dump what the view returns with `schema`, and answer with `status_code`."""
        return cast(Decorator, super().response(status_code, schema, **options))

    def alt_response(self, status_code: int, **options: Any) -> Decorator:
        """Document another answer of the route."""
        return cast(Decorator, super().alt_response(status_code, **options))

    def download(self, media_type: str) -> Decorator:
        """Document a route that answers with a file; the view returns the `Response` itself."""
        return self.response(200, _FILE, content_type=media_type)

    def _prepare_arguments_doc(self, doc: dict[str, Any], doc_info: dict[str, Any], **context: Any) -> Any:
        """An upload's form fields and files are one multipart body, which flask-smorest describes as two."""
        parameters = doc_info.get("arguments", {}).get("parameters", [])
        parts = [part for part in parameters if part["in"] in ("form", "files")]
        if len(parts) > 1:
            classes = [part["schema"] if isinstance(part["schema"], type) else type(part["schema"]) for part in parts]
            merged = type(classes[0].__name__.removesuffix("Schema") + "UploadSchema", tuple(classes), {})
            parameters[:] = [part for part in parameters if part not in parts]
            parameters.append({"in": "files", "required": True, "schema": merged})
        return super()._prepare_arguments_doc(doc, doc_info, **context)

    @staticmethod
    def _prepare_rules_doc(doc: dict[str, Any], doc_info: dict[str, Any], **_context: Any) -> dict[str, Any]:
        if doc_info.get("idempotent"):
            doc["parameters"] = [*doc.get("parameters", []), IDEMPOTENCY_PARAMETER]
        if "conditional" in doc_info:
            required = {"required": doc_info["conditional"]}
            doc["parameters"] = [*doc.get("parameters", []), IF_MATCH_PARAMETER | required]
        if "roles" in doc_info:
            doc["x-roles"] = [str(role) for role in doc_info["roles"]]
        return doc


class _Titles(BasePlugin):
    """Names operations after their endpoints, so that clients can be generated."""

    def operation_helper(
        self, path: str | None = None, operations: dict[str, Any] | None = None, **_options: Any
    ) -> None:
        for method, operation in (operations or {}).items():
            words = re.findall(r"[a-z0-9_]+", path or "")
            operation.setdefault("operationId", "-".join([method, *(word for word in words if word != "api")]))


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest is untyped
    """flask-smorest without its pages (they load scripts from elsewhere) and with our problems."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Problems are registered by the application, for every exception alike."""

    def handle_http_exception(self, error: HTTPException) -> Any:
        return problem_of(error)

    def _register_responses(self) -> None:
        response = {"description": "问题说明（RFC 9457）", "schema": self.ERROR_SCHEMA}
        prepare_response(response, self.spec, MEDIA_TYPE)
        self.spec.components.response("DEFAULT_ERROR", response, lazy=True)
        for name in ("UNPROCESSABLE_ENTITY", "UNPROCESSABLE_CONTENT"):
            self.spec.components.response(name, dict(response), lazy=True)

    def _register_etag_headers(self) -> None:
        """Ours come from `shared.web.etags`."""

    def _register_pagination_header(self) -> None:
        """Lists go by cursor."""


def _browser_pattern(_converter: Any, _field: fields.Field[Any], ret: dict[str, Any], **_more: Any) -> dict[str, str]:
    """Python's `\\Z` in the words of the description, whose patterns are JavaScript's."""
    pattern = ret.get("pattern", "")
    return {"pattern": f"^{pattern.removesuffix(_END)}$"} if pattern.endswith(_END) else {}


def _id_as_string(_converter: Any, field: fields.Field[Any], **_more: Any) -> dict[str, str]:
    """Ids are strings in answers, since JavaScript's numbers hold only 53 bits of them."""
    if isinstance(field, fields.Integer) and field.as_string:
        return {"type": "string", "pattern": "^[1-9][0-9]{0,17}$"}
    return {}


def create_api(app: Flask, service: Service) -> Api:
    """The description of `service`'s routes; blueprints are registered through it."""
    app.config.update(API_TITLE=f"乡治：{_TITLES[service]}", API_VERSION=VERSION, OPENAPI_VERSION="3.0.3")
    app.config["OPENAPI_URL_PREFIX"] = None
    api = Api(app, spec_kwargs={"extra_plugins": [_Titles()]})
    api.register_field(Hundredths, "string", "decimal")
    api.ma_plugin.converter.add_attribute_function(_browser_pattern)
    api.ma_plugin.converter.add_attribute_function(_id_as_string)
    return api
