"""Prometheus reads every process, alerts and board read numbers that exist, and each alert says what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from shared import metrics
from shared.certificate_metrics import CertificateCollector
from shared.place_metrics import PlaceCollector
from shared.settings import settings
from shared.topology import ROLES, Kind, Service
from tests.fixtures.certificates import township_folder
from tests.structure.promql import NotPromql, selectors
from tests.structure.source import PROJECT

MONITORING = PROJECT / "deploy" / "monitoring"
METRICS_PORT = 9100


def read(name: str) -> Any:
    return yaml.safe_load((MONITORING / name).read_text(encoding="utf-8"))


def alerts() -> list[dict[str, Any]]:
    return [rule for group in read("alerts.yml")["groups"] for rule in group["rules"]]


def board() -> dict[str, Any]:
    return dict(json.loads((MONITORING / "grafana/dashboards/xiangzhi.json").read_text(encoding="utf-8")))


def board_expressions() -> list[str]:
    return [target["expr"] for panel in board()["panels"] for target in panel.get("targets", [])]


def known_samples() -> dict[str, set[str]]:
    """Every sample of the code by name, with its labels; `up` is Prometheus' own."""
    known = {"up": {"role"}}
    suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
    for each in vars(metrics).values():
        if isinstance(each, MetricWrapperBase):
            labels = set(each._labelnames)
            for suffix in suffixes.get(str(each._type), [""]):
                known[each._name + suffix] = labels | ({"le"} if suffix == "_bucket" else set())
    for family in PlaceCollector(Service.POINTS).collect():
        known[family.name] = {label for sample in family.samples for label in sample.labels}
    # Not in every place: shown once there is a backup, and once there is a certificate.
    return known | {
        "xiangzhi_backup_last_success_timestamp_seconds": {"service"},
        "xiangzhi_certificate_expiry_seconds": set(),
    }


def unknown(expression: str) -> Iterator[str]:
    known = known_samples()
    for selector in selectors(expression):
        if selector.metric not in known:
            yield selector.metric
        else:
            yield from (f"{selector.metric}: {label}" for label in selector.labels - known[selector.metric])


@pytest.mark.parametrize("expression", [rule["expr"] for rule in alerts()] + board_expressions())
def test_every_expression_can_be_read_and_reads_numbers_that_exist(expression: str) -> None:
    assert list(unknown(expression)) == []


@pytest.mark.parametrize(
    "expression",
    [
        "sum by (a (up)",
        "rate(up)",
        "up[5m] up",
        "max(up{role})",
        "absent(up[5m])",
        "up > ",
        "unheard_of(up)",
        "topk()",
    ],
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(NotPromql):
        selectors(expression)


def test_a_certificate_is_counted_down_under_the_name_that_the_alerts_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = replace(settings(), certificate_dir=township_folder(tmp_path, left=timedelta(days=6)))
    monkeypatch.setattr("shared.certificate_metrics.settings", lambda: present)
    [family] = CertificateCollector().collect()
    [sample] = family.samples
    assert (family.name, sample.labels) == ("xiangzhi_certificate_expiry_seconds", {})
    expressions = {rule["alert"]: rule["expr"] for rule in alerts()}
    limits = {"CertificateEnds": 30, "CertificateEndsSoon": 7}
    for name, days in limits.items():
        assert expressions[name] == f"min({family.name}) < {days} * 86400"
        assert sample.value < days * 86400


def test_the_names_of_metrics_are_ours_and_end_in_their_unit() -> None:
    ours = {each.name for each in REGISTRY.collect() if each.name.startswith("xiangzhi")}
    assert ours >= {"xiangzhi_requests", "xiangzhi_request_seconds", "xiangzhi_messages"}
    assert not any("milli" in name or "minute" in name or "_ms" in name for name in ours)


def test_every_alert_has_one_heading_in_the_runbook_and_the_other_way_round() -> None:
    runbook = (PROJECT / "docs" / "runbook.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (\w+)$", runbook, re.MULTILINE)
    names = [rule["alert"] for rule in alerts()]
    assert sorted(headings) == sorted(names)
    assert len(names) == len(set(names))
    for rule in alerts():
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"page", "look"}
        assert re.search(r"[一-鿿]", rule["annotations"]["summary"])


def test_every_number_of_an_alert_can_be_looked_at_on_the_board() -> None:
    shown = {selector.metric for expression in board_expressions() for selector in selectors(expression)}
    asked = {selector.metric for rule in alerts() for selector in selectors(rule["expr"])}
    assert asked - shown == set()


def test_prometheus_reads_every_role_at_the_port_where_its_numbers_are() -> None:
    read_at = {
        name: found["port"]
        for job in read("prometheus.yml")["scrape_configs"]
        for found in job["dns_sd_configs"]
        for name in found["names"]
    }
    inner = {role.name: role.port for role in ROLES.values() if role.kind is Kind.WEB and role.name != Service.GATEWAY}
    assert read_at == {name: inner.get(name, METRICS_PORT) for name in ROLES}


def test_a_role_that_nobody_runs_is_told_whichever_it_is() -> None:
    [down] = [rule["expr"] for rule in alerts() if rule["alert"] == "RoleDown"]
    assert set(re.findall(r'absent\(up\{role="([\w-]+)"\}\)', down)) == set(ROLES)


def test_the_board_is_provisioned_from_where_it_lies_and_reads_the_provisioned_source() -> None:
    [provider] = read("grafana/provisioning/dashboards/xiangzhi.yml")["providers"]
    assert provider["options"]["path"] == "/etc/grafana/dashboards"
    [source] = read("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    used = {target["datasource"]["uid"] for panel in board()["panels"] for target in panel.get("targets", [])}
    assert used == {source["uid"]}
    assert len({panel["id"] for panel in board()["panels"]}) == len(board()["panels"])
