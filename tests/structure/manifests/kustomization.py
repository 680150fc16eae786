"""Renders the kustomizations of deploy/kubernetes as `kubectl kustomize` does, without it.

Only the subset that they are written in is understood: resources, namespace, images, a map of settings with a digest
in its name, and patches (merged or JSON 6902) by kind, name and label. Anything else is refused, so that nothing is
silently left out. Where the real program is on the machine, a test compares the two.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]

_KEYS = {"apiVersion", "kind", "namespace", "resources", "images", "configMapGenerator", "patches"}
_CLUSTER_WIDE = {"Namespace"}
# Lists whose items are merged by a key, as the schema of Kubernetes says; any other list is replaced.
MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "ports": "containerPort",
    "volumeMounts": "mountPath",
    "volumes": "name",
}


class NotUnderstood(Exception):
    """Raised for whatever lies outside of the subset; the message names it."""


def render(folder: Path) -> list[Object]:
    """Every object that the kustomization in `folder` makes, its names final."""
    objects, maps = _build(folder)
    final = {name: f"{name}-{_digest(data)}" for name, data in maps.items()}
    made: list[Object] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": final[name]}, "data": data}
        for name, data in maps.items()
    ]
    for each in objects:
        _rename(each, final)
    namespace = _read(folder).get("namespace")
    for each in (*objects, *made):
        if namespace and each["kind"] not in _CLUSTER_WIDE:
            each["metadata"]["namespace"] = namespace
    return [*objects, *made]


def _build(folder: Path) -> tuple[list[Object], dict[str, dict[str, str]]]:
    kustomization = _read(folder)
    objects: list[Object] = []
    maps: dict[str, dict[str, str]] = {}
    for name in kustomization.get("resources", []):
        path = folder / name
        if path.is_dir():
            below, maps_below = _build(path.resolve())
            objects += below
            maps |= maps_below
        else:
            objects += [each for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if each]
    for generator in kustomization.get("configMapGenerator", []):
        _settings(generator, maps)
    for patch in kustomization.get("patches", []):
        _patch(folder, patch, objects)
    for image in kustomization.get("images", []):
        _require(image, {"name", "newName", "newTag"})
        for each in objects:
            _rename_image(each, image)
    return objects, maps


def _read(folder: Path) -> Object:
    kustomization: Object = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    _require(kustomization, _KEYS)
    return kustomization


def _require(part: Object, known: set[str]) -> None:
    if unknown := set(part) - known:
        raise NotUnderstood(f"{sorted(unknown)} beside {sorted(set(part) & known)}")


def _settings(generator: Object, maps: dict[str, dict[str, str]]) -> None:
    _require(generator, {"name", "behavior", "literals"})
    pairs = dict(literal.split("=", 1) for literal in generator["literals"])
    name, behavior = generator["name"], generator.get("behavior", "create")
    if (behavior, name in maps) not in (("create", False), ("merge", True)):
        raise NotUnderstood(f"configMapGenerator {name} with behavior {behavior}")
    maps[name] = {**maps.get(name, {}), **pairs}


def _digest(data: dict[str, str]) -> str:
    """The end of a generated name: ten signs that change with the content and spell no word."""
    text = json.dumps(
        {"data": data, "kind": "ConfigMap", "name": ""}, ensure_ascii=False, separators=(",", ":"), sort_keys=True
    )
    if re.search(r"[<>&\u2028\u2029]", text):
        raise NotUnderstood("a setting with a sign that is escaped before it is digested")
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    return digest.translate(str.maketrans("013ae", "ghkmt"))


def _rename(part: Any, names: dict[str, str]) -> None:
    """Whoever names a generated map names it by its final name."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ("configMapRef", "configMapKeyRef", "configMap") and value.get("name") in names:
                value["name"] = names[value["name"]]
            _rename(value, names)
    elif isinstance(part, list):
        for value in part:
            _rename(value, names)


def _rename_image(part: Any, image: Object) -> None:
    if isinstance(part, dict):
        if part.get("image") == image["name"]:
            part["image"] = f"{image['newName']}:{image['newTag']}"
        for value in part.values():
            _rename_image(value, image)
    elif isinstance(part, list):
        for value in part:
            _rename_image(value, image)


def _patch(folder: Path, patch: Object, objects: list[Object]) -> None:
    _require(patch, {"path", "patch", "target"})
    text = patch["patch"] if "patch" in patch else (folder / patch["path"]).read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    targets = [each for each in objects if _fits(each, patch["target"])]
    if not targets:
        raise NotUnderstood(f"a patch of nothing: {patch['target']}")
    for each in targets:
        if isinstance(content, list):
            for operation in content:
                _replace(each, operation)
        else:
            _merge(each, {key: value for key, value in content.items() if key == "spec"})


def _fits(each: Object, target: Object) -> bool:
    _require(target, {"kind", "name", "labelSelector"})
    return (
        re.fullmatch(target.get("kind", ".*"), each["kind"]) is not None
        and re.fullmatch(target.get("name", ".*"), each["metadata"]["name"]) is not None
        and ("labelSelector" not in target or _selected(each["metadata"].get("labels", {}), target["labelSelector"]))
    )


def _selected(labels: dict[str, str], selector: str) -> bool:
    found = re.fullmatch(r"(\S+) in \(([a-z,]+)\)", selector)
    if found is None:
        raise NotUnderstood(f"labelSelector {selector}")
    return labels.get(found[1]) in found[2].split(",")


def _replace(each: Object, operation: Object) -> None:
    """One operation of JSON 6902: a value that is there becomes another one."""
    _require(operation, {"op", "path", "value"})
    if operation["op"] != "replace":
        raise NotUnderstood(f"op {operation['op']}")
    *way, last = [int(step) if step.isdigit() else step for step in operation["path"].strip("/").split("/")]
    place: Any = each
    for step in way:
        place = place[step]
    place[last]
    place[last] = copy.deepcopy(operation["value"])


def _merge(into: Object, patch: Object) -> None:
    """A strategic merge: maps by key, the lists of MERGE_KEYS by theirs, anything else replaced."""
    for key, value in patch.items():
        if value is None or key.startswith("$"):
            raise NotUnderstood(f"a patch that takes away: {key}")
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        elif isinstance(value, list) and key in MERGE_KEYS:
            into[key] = _merge_lists(into.get(key, []), value, MERGE_KEYS[key])
        else:
            into[key] = copy.deepcopy(value)


def _merge_lists(into: list[Object], patch: list[Object], key: str) -> list[Object]:
    """Items that are there are merged; new ones come first, as kustomize puts them."""
    there = {each[key]: each for each in into}
    for each in patch:
        if each[key] in there:
            _merge(there[each[key]], each)
    return [*(copy.deepcopy(each) for each in patch if each[key] not in there), *into]
