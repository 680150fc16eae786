"""The rendered overlays."""

from __future__ import annotations

from functools import cache

import pytest

from tests.structure.manifests import kustomization
from tests.structure.manifests.objects import OVERLAYS, Manifests
from tests.structure.source import PROJECT

FOLDER = PROJECT / "deploy" / "kubernetes"


@cache
def _rendered(overlay: str) -> Manifests:
    return Manifests(kustomization.render(FOLDER / overlay))


@pytest.fixture(params=OVERLAYS)
def manifests(request: pytest.FixtureRequest) -> Manifests:
    """Each overlay in turn."""
    return _rendered(request.param)
