"""What the manifests say, by role: the objects of an overlay, found by kind and name, and what a pod selector means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.topology import ROLES
from tests.structure.manifests.kustomization import Object

COMPONENT = "app.kubernetes.io/component"
OVERLAYS = ("township", "county")
MIGRATE = "migrate"


@dataclass(frozen=True, slots=True)
class Manifests:
    """The objects of one overlay, as one program rendered them."""

    objects: list[Object]

    def of(self, kind: str) -> dict[str, Object]:
        """Every object of a kind, by name; two of one name are refused."""
        found = [each for each in self.objects if each["kind"] == kind]
        by_name = {each["metadata"]["name"]: each for each in found}
        assert len(by_name) == len(found)
        return by_name

    def pod(self, role: str) -> Object:
        """The pod's specification of a role, or of the migration."""
        owner = self.of("Job")[role] if role == MIGRATE else self.of("Deployment")[role]
        spec: Object = owner["spec"]["template"]["spec"]
        return spec

    def main(self, role: str) -> Object:
        """The one container of a role that stays."""
        (container,) = self.pod(role)["containers"]
        found: Object = container
        return found

    def labels(self, role: str) -> dict[str, str]:
        """What the pods of a role are selected by."""
        owner = self.of("Job")[role] if role == MIGRATE else self.of("Deployment")[role]
        labels: dict[str, str] = owner["spec"]["template"]["metadata"]["labels"]
        return labels

    def selected(self, selector: Object) -> set[str]:
        """The roles whose pods a selector means."""
        return {role for role in (*ROLES, MIGRATE) if _means(selector, self.labels(role))}

    def environment(self, container: Object) -> dict[str, Any]:
        """Values, or references, of a container's environment; its own come before the map's."""
        (source,) = container["envFrom"]
        settings: dict[str, str] = self.of("ConfigMap")[source["configMapRef"]["name"]]["data"]
        own = {each["name"]: each.get("value", each.get("valueFrom")) for each in container.get("env", [])}
        return {**settings, **own}


def _means(selector: Object, labels: dict[str, str]) -> bool:
    assert set(selector) <= {"matchLabels", "matchExpressions"}
    for name, value in selector.get("matchLabels", {}).items():
        if labels.get(name) != value:
            return False
    for expression in selector.get("matchExpressions", []):
        assert expression["operator"] == "In"
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return True
