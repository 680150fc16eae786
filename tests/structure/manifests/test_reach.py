"""Who reaches whom in the cluster, computed from the network policies for every pair, against the topology."""

from __future__ import annotations

from shared.topology import PORTS, ROLES, Kind, Service
from tests.structure.manifests.kustomization import Object
from tests.structure.manifests.objects import COMPONENT, MIGRATE, Manifests

EVERYONE = {*ROLES, MIGRATE}
INNER = [service for service in Service if service is not Service.GATEWAY]
BROKER = {role.name for role in ROLES.values() if role.kind in (Kind.WEB, Kind.WORKER, Kind.RELAY)}
METRICS_PORT = 9100


def test_nobody_comes_in_or_goes_out_unless_it_is_allowed(manifests: Manifests) -> None:
    denied = manifests.of("NetworkPolicy")["default-deny"]["spec"]
    assert denied == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_only_the_gateway_reaches_services(manifests: Manifests) -> None:
    wanted = {("gateway", service.value, PORTS[service]) for service in INNER}
    assert _comes_in(manifests) == wanted
    assert _goes_out(manifests) == wanted


def test_only_the_ingress_reaches_the_gateway(manifests: Manifests) -> None:
    from_outside = {
        (namespace, role, port)
        for role, rule in _rules(manifests, "ingress")
        for namespace in _namespaces(rule["from"])
        for port in _ports(rule)
        if port != METRICS_PORT
    }
    assert from_outside == {("ingress-nginx", "gateway", PORTS[Service.GATEWAY])}
    ingress = manifests.of("Ingress")
    assert set(ingress) == {"gateway"}
    (rule,) = ingress["gateway"]["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert path["backend"]["service"] == {"name": "gateway", "port": {"name": "http"}}


def test_counters_are_read_by_the_monitoring_alone_and_on_a_port_of_their_own(manifests: Manifests) -> None:
    readers = {
        (namespace, role)
        for role, rule in _rules(manifests, "ingress")
        for namespace in _namespaces(rule["from"])
        if METRICS_PORT in _ports(rule)
    }
    assert readers == {("monitoring", role) for role in ROLES}
    assert METRICS_PORT not in PORTS.values()


def test_every_role_and_the_migration_reach_the_database_and_nobody_else_does(manifests: Manifests) -> None:
    (rule,) = manifests.of("NetworkPolicy")["database"]["spec"]["egress"]
    address = _addresses(rule)
    assert len(address) == 1
    assert {role for role, each in _rules(manifests, "egress") if _addresses(each) == address} == EVERYONE


def test_who_sends_or_takes_messages_reaches_redis_and_nobody_else_does(manifests: Manifests) -> None:
    (rule,) = manifests.of("NetworkPolicy")["redis"]["spec"]["egress"]
    address = _addresses(rule)
    assert {role for role, each in _rules(manifests, "egress") if _addresses(each) == address} == BROKER


def test_the_only_ways_out_are_names_database_redis_and_the_services(manifests: Manifests) -> None:
    """No request leaves the deployment."""
    policies = manifests.of("NetworkPolicy")
    outward = {name for name, each in policies.items() if each["spec"].get("egress")}
    assert outward == {"names", "database", "redis", "gateway-to-services"}
    for name in ("database", "redis"):
        (rule,) = policies[name]["spec"]["egress"]
        assert all(address.endswith("/32") for address in _addresses(rule))
        assert len(_ports(rule)) == 1
    (names,) = policies["names"]["spec"]["egress"]
    assert set(_ports(names)) == {53}
    assert _namespaces(names["to"]) == {"kube-system"}


def _rules(manifests: Manifests, way: str) -> list[tuple[str, Object]]:
    """Every rule of a direction with each role that it holds for."""
    return [
        (role, rule)
        for policy in manifests.of("NetworkPolicy").values()
        for rule in policy["spec"].get(way, [])
        for role in sorted(manifests.selected(policy["spec"]["podSelector"]))
    ]


def _comes_in(manifests: Manifests) -> set[tuple[str, str, int]]:
    """Who may reach which role of ours on which port, by the rules of who is reached."""
    return {
        (source, role, port)
        for role, rule in _rules(manifests, "ingress")
        for source in _roles(manifests, rule["from"])
        for port in _ports(rule)
    }


def _goes_out(manifests: Manifests) -> set[tuple[str, str, int]]:
    """The same by the rules of who reaches."""
    return {
        (role, target, port)
        for role, rule in _rules(manifests, "egress")
        for target in _roles(manifests, rule["to"])
        for port in _ports(rule)
    }


def _roles(manifests: Manifests, peers: list[Object]) -> set[str]:
    found: set[str] = set()
    for peer in peers:
        assert peer, "an empty peer is everybody"
        assert len(peer) == 1, "one kind of selector each: two beside each other mean both"
        if "podSelector" in peer:
            assert peer["podSelector"].get("matchLabels", {}).get(COMPONENT), "a role by its name"
            found |= manifests.selected(peer["podSelector"])
    return found


def _namespaces(peers: list[Object]) -> set[str]:
    return {
        peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        for peer in peers
        if "namespaceSelector" in peer
    }


def _addresses(rule: Object) -> set[str]:
    return {peer["ipBlock"]["cidr"] for peer in rule.get("to", []) if "ipBlock" in peer}


def _ports(rule: Object) -> list[int]:
    assert rule["ports"], "without ports a rule allows every one"
    return [each["port"] for each in rule["ports"]]
