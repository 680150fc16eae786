"""A setting that can't be right stops the start with a sentence: which one, what is wrong, how to mend it."""

from __future__ import annotations

import pytest

from shared.settings import SettingsError, read_settings

PRODUCTION = {
    "XZ_PRODUCTION": "1",
    "DATABASE_URL": "postgresql://db/x",
    "REDIS_URL": "redis://r",
    "XZ_KEY_DIR": "/keys",
    "XZ_PUBLIC_URL": "https://xz.example.cn",
}


def refusal(**changes: str) -> str:
    with pytest.raises(SettingsError) as refused:
        read_settings({**PRODUCTION, **changes})
    return str(refused.value)


@pytest.mark.parametrize("name", [name for name in PRODUCTION if name != "XZ_PRODUCTION"])
def test_production_names_the_variable_that_nobody_has_chosen(name: str) -> None:
    assert refusal(**{name: ""}).startswith(f"正式运行时必须设 {name}：")


def test_demo_accounts_are_refused_in_production() -> None:
    assert "XZ_DEMO 必须是 0" in refusal(XZ_DEMO="1")


@pytest.mark.parametrize("url", ["http://xz.example.cn", "http://10.1.2.3:8000", "HTTP://XZ.example.cn"])
def test_an_address_without_https_is_refused_since_nobody_could_log_in(url: str) -> None:
    sentence = refusal(XZ_PUBLIC_URL=url)
    assert f"“{url}”是 http:// 开头的，这样谁也登录不了" in sentence
    assert "改成 https:// 开头的地址" in sentence


@pytest.mark.parametrize("url", ["xz.example.cn", "ftp://xz.example.cn", "https://", "http://[::1"])
def test_an_address_that_nobody_can_type_is_refused(url: str) -> None:
    assert f"“{url}”不是完整的网址" in refusal(XZ_PUBLIC_URL=url)


@pytest.mark.parametrize("url", ["https://xz.example.cn", "http://127.0.0.1:8000", "http://localhost", "http://[::1]"])
def test_browsers_keep_secure_cookies_over_https_and_on_the_machine_itself(url: str) -> None:
    read = read_settings({**PRODUCTION, "XZ_PUBLIC_URL": url})
    assert read.secure_cookies
    assert read.gateway_public_url == url


def test_who_has_switched_secure_cookies_off_may_run_without_https() -> None:
    read = read_settings({**PRODUCTION, "XZ_SECURE_COOKIES": "0", "XZ_PUBLIC_URL": "http://10.1.2.3"})
    assert not read.secure_cookies


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("XZ_PRODUCTION", "maybe", "只能是 1 或 0"),
        ("XZ_METRICS_PORT", "abc", "要填整数"),
        ("XZ_RELAY_INTERVAL_SECONDS", "soon", "要填数字"),
        ("XZ_KEEP_DEMANDS_DAYS", "7", "至少要 30 天"),
        ("XZ_METRICS_PORT", "99999", "端口只能是 0 到 65535"),
        ("XZ_LEASE_SECONDS", "0", "要大于 0"),
        ("XZ_RELAY_INTERVAL_SECONDS", "-1", "要大于 0"),
        ("XZ_UPLOAD_LIMIT_MB", "0", "要大于 0"),
        ("XZ_TRUSTED_PROXIES", "-1", "不能小于 0"),
        ("XZ_LOG_LEVEL", "LOUD", "只能是 DEBUG、INFO、WARNING、ERROR"),
        ("REDIS_URL", "127.0.0.1:6379", "要写成 redis://"),
        ("DATABASE_URL", "db.example.cn", "要写成 postgresql://"),
        ("DATABASE_URL", "postgresql://db:port/x", "要写成 postgresql://"),
        ("POINTS_DATABASE_URL", "mysql://db/x", "要写成 postgresql://"),
    ],
)
def test_a_value_that_can_not_be_read_is_named_with_what_it_should_be(name: str, value: str, reason: str) -> None:
    assert refusal(**{name: value}).startswith(f"{name} 填得不对：{reason}")


def test_networks_of_proxies_that_are_none_are_named() -> None:
    assert "XZ_PROXY_NETWORKS 填的“10.8.0.0/99”不对" in refusal(XZ_PROXY_NETWORKS="10.8.0.0/99")
    read = read_settings({**PRODUCTION, "XZ_PROXY_NETWORKS": "127.0.0.1, 10.8.0.0/24"})
    assert [str(network) for network in read.proxy_networks] == ["127.0.0.1/32", "10.8.0.0/24"]


@pytest.mark.parametrize("factor", ["0", "-1", "many"])
def test_limits_can_not_be_switched_off_by_a_wrong_number(factor: str) -> None:
    assert refusal(XZ_LIMIT_FACTOR=factor).startswith("XZ_LIMIT_FACTOR 填得不对：")


@pytest.mark.parametrize(
    "url", ["postgres://db/x", "postgresql://db/x", "postgresql+psycopg://db/x", "sqlite:////x.db"]
)
def test_both_databases_may_be_written_the_usual_ways(url: str) -> None:
    assert read_settings({"DATABASE_URL": url}).database_url.endswith(("db/x", "/x.db"))


@pytest.mark.parametrize("url", ["redis://:word@r:6379/0", "rediss://r", "redis+socket:///run/redis.sock"])
def test_redis_may_be_reached_in_three_ways(url: str) -> None:
    assert read_settings({"REDIS_URL": url}).redis_url == url


def test_sentinels_are_refused_since_nothing_here_asks_them() -> None:
    assert refusal(REDIS_URL="sentinel://a:26379;sentinel://b:26379").startswith("REDIS_URL 填得不对：")
