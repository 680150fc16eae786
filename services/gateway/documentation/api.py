"""`/api/openapi.json` and `/api/docs`."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template_string
from swagger_ui_bundle import swagger_ui_path
from werkzeug.exceptions import NotFound

from services.gateway.documentation.merging import merge
from services.gateway.files import answer_file
from services.gateway.proxy.api import SERVICES
from services.gateway.proxy.upstream import ask
from services.gateway.sessions.csrf import csrf_token
from shared.errors import DomainError
from shared.identity import Principal, Role
from shared.topology import Service
from shared.web import allow, current_principal
from shared.web.access import unguarded

blueprint = Blueprint("documentation", __name__)
_KEPT_SECONDS = 60.0
_READ_SECONDS = 5.0
_OWN = Path(__file__).parent
_FILES = frozenset({"swagger-ui.css", "swagger-ui-bundle.js"})
_PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="csrf-token" content="{{ token }}">
<title>乡治接口</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<script src="/api/docs/swagger-ui-bundle.js" defer></script>
<script src="/api/docs/start.js" defer></script>
</head>
<body>
<main id="swagger-ui"></main>
<noscript>这一页需要 JavaScript；接口说明的原文在 <a href="/api/openapi.json">/api/openapi.json</a>。</noscript>
</body>
</html>
"""


@dataclass(slots=True)
class _Kept:
    """The merged document, read again after a minute or while a part is missing."""

    document: dict[str, Any] = field(default_factory=dict)
    read_at: float = 0.0


@blueprint.get("/api/openapi.json")
@allow(Role.PUBLIC)
def show_document() -> Response:
    """The API of all services in one document."""
    kept: _Kept = current_app.extensions.setdefault("xiangzhi.merged_openapi", _Kept())
    if not kept.document or time.monotonic() - kept.read_at > _KEPT_SECONDS:
        documents, missing = _read_all(current_principal())
        document = merge(documents, missing)
        if missing:
            return jsonify(document)
        kept.document, kept.read_at = document, time.monotonic()
    return jsonify(kept.document)


@blueprint.get("/api/docs")
@allow(Role.PUBLIC)
def show_page() -> str:
    """A page to read the description on."""
    return render_template_string(_PAGE, token=csrf_token())


@blueprint.get("/api/docs/<name>")
@unguarded
def show_file(name: str) -> Response:
    """Files of that page."""
    if name != "start.js" and name not in _FILES:
        raise NotFound
    response = answer_file((_OWN if name == "start.js" else Path(swagger_ui_path)) / name)
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _read_all(principal: Principal) -> tuple[dict[Service, dict[str, Any]], list[Service]]:
    documents: dict[Service, dict[str, Any]] = {Service.GATEWAY: current_app.extensions["xiangzhi.openapi"]()}
    missing: list[Service] = []
    for service in SERVICES:
        try:
            answer = ask(service, "GET", f"/api/{service}/openapi.json", principal, read_seconds=_READ_SECONDS)
            documents[service] = json.loads(answer.read(decode_content=True))
            answer.release_conn()
        except (DomainError, ValueError):
            missing.append(service)
    return documents, missing
