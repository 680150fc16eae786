"""The bill of materials: every locked distribution as CycloneDX 1.6 JSON, with licence, hashes and who asks for it."""

from __future__ import annotations

from collections.abc import Mapping

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.bom_ref import BomRef
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from deploy.audit.licences import ACCEPTED
from deploy.audit.lock import Locked
from shared.release import RELEASE


def bill_of_materials(locked: list[Locked], licences: Mapping[str, str]) -> str:
    """The bill of what is installed here; `licences`: SPDX expression by name.

    What only tests and checks need has the scope `excluded`. A distribution has several files, one per system: all of
    their SHA-256 stand under the property `xiangzhi:sha256`.
    """
    here = [each for each in locked if each.is_for_here]
    root = Component(name="xiangzhi", version=RELEASE, type=ComponentType.APPLICATION, bom_ref=BomRef("xiangzhi"))
    components = {each.name: _component(each, licences.get(each.name, "")) for each in here}
    bom = Bom(components=components.values())
    bom.metadata.component = root
    bom.register_dependency(root, [components[each.name] for each in here if each.is_direct])
    for name, component in components.items():
        bom.register_dependency(component, [components[each.name] for each in here if name in each.askers])
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2) + "\n"


def _component(each: Locked, licence: str) -> Component:
    address = PackageURL("pypi", None, each.name, each.version)
    return Component(
        name=each.name,
        version=each.version,
        type=ComponentType.LIBRARY,
        bom_ref=BomRef(str(address)),
        purl=address,
        scope=ComponentScope.REQUIRED if each.runs else ComponentScope.EXCLUDED,
        licenses=[_licence(licence)] if licence else [],
        properties=[Property(name="xiangzhi:sha256", value=digest) for digest in each.hashes],
    )


def _licence(words: str) -> DisjunctiveLicense | LicenseExpression:
    if words in ACCEPTED:
        return DisjunctiveLicense(id=words)
    if " AND " in words or " OR " in words:
        return LicenseExpression(words)
    return DisjunctiveLicense(name=words)
