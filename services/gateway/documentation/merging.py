"""One OpenAPI document from those of all services; names of schemas carry their service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gateway.sessions.cookies import SESSION, name_of
from shared.topology import Service

_SECTIONS = ("schemas", "responses", "parameters", "headers")


def merge(documents: Mapping[Service, dict[str, Any]], missing: list[Service]) -> dict[str, Any]:
    """The documents as one. `missing` are services that did not answer; the description says so."""
    merged: dict[str, Any] = {
        "openapi": "3.0.3",
        "info": {"title": "乡治接口", "version": "1", "description": _description(missing)},
        "servers": [{"url": "/"}],
        "tags": [],
        "paths": {},
        "components": {section: {} for section in _SECTIONS}
        | {
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": name_of(SESSION)},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
            }
        },
        "security": [{"session": [], "csrf": []}, {}],
    }
    for service, document in documents.items():
        own = _renamed(document, service)
        merged["paths"].update(own.get("paths", {}))
        merged["tags"] += own.get("tags", [])
        for section in _SECTIONS:
            for name, part in own.get("components", {}).get(section, {}).items():
                merged["components"][section][_name(service, name)] = part
    return merged


def _description(missing: list[Service]) -> str:
    words = "登录用 POST /api/session；之后凡是修改的请求，都要带上 X-CSRF-Token（GET /api/session 里有）。"
    if missing:
        names = "、".join(service.value for service in missing)
        words += f" 下列服务此刻没有答复，它们的接口没有列出：{names}。"
    return words


def _renamed(part: Any, service: Service) -> Any:
    """`part` with references and tags of `service`."""
    if isinstance(part, dict):
        renamed = {name: _renamed(below, service) for name, below in part.items()}
        reference = renamed.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/components/"):
            head, _, name = reference.rpartition("/")
            renamed["$ref"] = f"{head}/{_name(service, name)}"
        if isinstance(renamed.get("tags"), list) and "responses" in renamed:
            renamed["tags"] = [f"{service}.{tag}" for tag in renamed["tags"]]
        if isinstance(renamed.get("tags"), list) and "paths" in renamed:
            renamed["tags"] = [{**tag, "name": f"{service}.{tag['name']}"} for tag in renamed["tags"]]
        return renamed
    if isinstance(part, list):
        return [_renamed(below, service) for below in part]
    return part


def _name(service: Service, name: str) -> str:
    return f"{service}.{name}"
