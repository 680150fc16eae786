"""The manifests are what the schemas of Kubernetes and KEDA allow, in every version that clusters run today."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from cloudcoil.models.keda import v1alpha1 as keda
from pydantic import BaseModel, ValidationError

from tests.structure.manifests import kustomization, real_kustomize
from tests.structure.manifests.conftest import FOLDER
from tests.structure.manifests.kustomization import MERGE_KEYS, NotUnderstood, Object
from tests.structure.manifests.objects import OVERLAYS, Manifests

# The oldest that knows all that is used here (a policy of scaling, seccomp in pods), and the newest schema.
VERSIONS = ("1.27", "1.32", kubernetes_validate.latest_version())
MODELS: dict[str, type[BaseModel]] = {
    "ScaledObject": keda.ScaledObject,
    "TriggerAuthentication": keda.TriggerAuthentication,
}


def _is_ours(each: Object) -> bool:
    return bool(each["apiVersion"].startswith("keda.sh/"))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_of_kubernetes_fits_its_strict_schema(manifests: Manifests, version: str) -> None:
    checked = [each for each in manifests.objects if not _is_ours(each)]
    assert len(checked) > 30
    for each in checked:
        kubernetes_validate.validate(each, version, strict=True)


def test_every_object_of_keda_fits_its_model_and_holds_nothing_that_the_model_does_not_know(
    manifests: Manifests,
) -> None:
    checked = [each for each in manifests.objects if _is_ours(each)]
    assert len(checked) > 7
    for each in checked:
        read = MODELS[each["kind"]].model_validate(each)
        assert _lost(each, read) == []


def test_a_misspelt_field_is_found(manifests: Manifests) -> None:
    wrong = deepcopy(manifests.of("Deployment")["relay"])
    wrong["spec"]["template"]["spec"]["terminationGracePeriod"] = 30
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)
    scaled = deepcopy(manifests.of("ScaledObject")["points-worker"])
    scaled["spec"]["minReplicas"] = 1
    assert _lost(scaled, keda.ScaledObject.model_validate(scaled)) == ["spec.minReplicas"]
    scaled["spec"]["maxReplicaCount"] = "many"
    with pytest.raises(ValidationError):
        keda.ScaledObject.model_validate(scaled)


def _lost(given: Object, read: BaseModel) -> list[str]:
    """The places of what was given and is not in what was read."""
    kept = read.model_dump(by_alias=True, exclude_unset=True, mode="json")
    return list(_missing(given, kept, ""))


def _missing(given: Any, kept: Any, place: str) -> list[str]:
    if isinstance(given, dict):
        below = kept if isinstance(kept, dict) else {}
        found = []
        for key, value in given.items():
            here = f"{place}.{key}".lstrip(".")
            found += [here] if key not in below else _missing(value, below[key], here)
        return found
    if isinstance(given, list):
        return [each for one, other in zip(given, kept, strict=True) for each in _missing(one, other, place)]
    return []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_is_rendered_the_same_each_time_and_by_kustomize_too_where_the_machine_has_it(overlay: str) -> None:
    """Debian's kubectl brings a kustomize too old for these files: there only our own rendering is held to itself."""
    ours = _sorted(kustomization.render(FOLDER / overlay))
    programs = [kustomization.render, *([real_kustomize.render] if real_kustomize.has_kustomize() else [])]
    for render in programs:
        assert _sorted(render(FOLDER / overlay)) == ours


def _sorted(objects: list[Object]) -> dict[tuple[str, str], Object]:
    """By kind and name; lists that are merged by a key have no order of their own."""
    found = {(each["kind"], each["metadata"]["name"]): each for each in map(_in_order, objects)}
    assert len(found) == len(objects)
    return found


def _in_order(part: Any) -> Any:
    if isinstance(part, dict):
        return {
            key: sorted(map(_in_order, value), key=lambda each: str(each[MERGE_KEYS[key]]))
            if key in MERGE_KEYS and isinstance(value, list) and value and MERGE_KEYS[key] in value[0]
            else _in_order(value)
            for key, value in part.items()
        }
    return [_in_order(each) for each in part] if isinstance(part, list) else part


def test_a_changed_setting_gives_the_map_another_name(tmp_path: Path) -> None:
    names = []
    for value in ("1", "2"):
        literals = {"configMapGenerator": [{"name": "settings", "literals": [f"A={value}"]}]}
        (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(literals))
        (made,) = kustomization.render(tmp_path)
        names.append(made["metadata"]["name"])
    # As kustomize 5 names them.
    assert names == ["settings-89g4tffbfk", "settings-tf28tfk457"]


@pytest.mark.parametrize(
    "text",
    [
        "components: [../monitoring]",
        "patches: [{target: {kind: Secret}, patch: '[]'}]",
        "configMapGenerator: [{name: settings, files: [a]}]",
        "configMapGenerator: [{name: settings, behavior: merge, literals: [A=b]}]",
    ],
)
def test_what_the_renderer_does_not_understand_it_refuses(tmp_path: Path, text: str) -> None:
    (tmp_path / "kustomization.yaml").write_text(text)
    with pytest.raises(NotUnderstood):
        kustomization.render(tmp_path)
