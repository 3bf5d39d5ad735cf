import pytest

from meshui.env import BadEnvironmentError, read

SECRET = {"MESHUI_SECRET_KEY": "s" * 40}


def test_defaults_are_complete_but_for_the_secret() -> None:
    environment = read(SECRET)
    assert [window.label for window in environment.windows] == ["1m", "5m", "15m", "1h"]
    assert environment.default_window.seconds == 60
    assert environment.cluster == "default"
    assert environment.database_url.startswith("sqlite:////")
    assert environment.kubeconfig is None


def test_no_secret_is_needed_only_in_debug_and_demo() -> None:
    with pytest.raises(BadEnvironmentError, match="MESHUI_SECRET_KEY"):
        read({})
    assert read({"MESHUI_DEBUG": "1"}).secret_key
    assert read({"MESHUI_DEMO": "1"}).secret_key


def test_a_short_secret_is_refused_without_being_shown() -> None:
    with pytest.raises(BadEnvironmentError) as caught:
        read({"MESHUI_SECRET_KEY": "hunter2"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("MESHUI_DEBUG", "maybe", "1 or 0"),
        ("MESHUI_WINDOWS", "1m,soon", "spans such as 1m,5m,1h"),
        ("MESHUI_WINDOWS", "1s", "from 5s to 7d"),
        ("MESHUI_WINDOWS", ",", "spans"),
        ("MESHUI_POLL_TELEMETRY_SECONDS", "fast", "number of seconds"),
        ("MESHUI_POLL_INVENTORY_SECONDS", "0", "number of seconds"),
        ("MESHUI_POLL_PROXIES_SECONDS", "nan", "number of seconds"),
        ("MESHUI_RING_DENSE_MINUTES", "0", "from 1 to 1440"),
        ("MESHUI_RING_HOURS", "long", "from 0.1 to 168"),
        ("MESHUI_RING_MEGABYTES", "nan", "from 1 to 10000"),
        ("MESHUI_REPLAY_DAYS", "-1", "from 0.01 to 400"),
        ("MESHUI_CLUSTER", "a/b", "letters"),
        ("PROMETHEUS_URL", "prometheus:9090", "http://"),
        ("PROMETHEUS_URL", "http://host:port", "http://"),
        ("PROMETHEUS_HEADERS", "X-Scope-OrgID: a", "JSON object"),
        ("PROMETHEUS_HEADERS", '{"a": 1}', "JSON object"),
        ("PROMETHEUS_HEADERS", '{"a": "b\\r\\nc: d"}', "JSON object"),
        ("REDIS_URL", "localhost:6379", "redis://host"),
        ("DATABASE_URL", "mysql://a/b", "postgresql://"),
        ("MESHUI_ENVOY_ADMIN", "telnet", "pod-ip, port-forward or none"),
        ("MESHUI_DEMO_CONTROL_URL", "nowhere", "http://"),
    ],
)
def test_a_bad_value_names_its_variable_and_what_was_expected(variable: str, value: str, expected: str) -> None:
    with pytest.raises(BadEnvironmentError) as caught:
        read(SECRET | {variable: value})
    assert str(caught.value).startswith(variable)
    assert expected in str(caught.value)


def test_values_are_typed() -> None:
    environment = read(
        SECRET
        | {
            "MESHUI_DEMO": "true",
            "MESHUI_WINDOWS": "15s, 1m,60s",
            "MESHUI_POLL_TELEMETRY_SECONDS": "2",
            "PROMETHEUS_HEADERS": '{"X-Scope-OrgID": "team"}',
            "PROMETHEUS_URL": "https://metrics.example/prometheus/",
            "MESHUI_ALLOWED_HOSTS": "a.example, b.example",
            "MESHUI_ENVOY_ADMIN": "pod-ip",
        }
    )
    assert environment.demo
    assert [window.seconds for window in environment.windows] == [15, 60]
    assert environment.poll_telemetry_seconds == 2.0
    assert environment.prometheus_headers == {"X-Scope-OrgID": "team"}
    assert environment.prometheus_url == "https://metrics.example/prometheus"
    assert environment.allowed_hosts == ("a.example", "b.example")
    assert environment.envoy_admin == "pod-ip"
