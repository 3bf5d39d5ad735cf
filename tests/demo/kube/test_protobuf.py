import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshui.demo.kube.errors import StatusError
from meshui.demo.kube.protobuf import decode


def field(number, content):
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value):
    encoded = b""
    while value > 0x7F:
        encoded += bytes([value & 0x7F | 0x80])
        value >>= 7
    return encoded + bytes([value])


def enveloped(api_version, kind, raw):
    return b"k8s\x00" + field(1, field(1, api_version.encode()) + field(2, kind.encode())) + field(2, raw)


def test_a_pod_reads_as_its_json():
    port = field(3, 8080) + field(4, b"TCP")
    quantity = field(1, b"cpu") + field(2, field(1, b"100m"))
    container = field(1, b"web") + field(2, b"img") + field(6, port) + field(8, field(2, quantity))
    volume = field(1, b"data") + field(2, field(2, field(1, b"")))
    metadata = field(1, b"web-1") + field(8, field(1, 1767600000)) + field(11, field(1, b"app") + field(2, b"web"))
    spec = field(1, volume) + field(2, container)
    pod = decode(enveloped("v1", "Pod", field(1, metadata) + field(2, spec) + field(3, b"")))
    assert pod == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-1", "creationTimestamp": "2026-01-05T08:00:00Z", "labels": {"app": "web"}},
        "spec": {
            "volumes": [{"name": "data", "emptyDir": {}}],
            "containers": [
                {
                    "name": "web",
                    "image": "img",
                    "ports": [{"containerPort": 8080, "protocol": "TCP"}],
                    "resources": {"requests": {"cpu": "100m"}},
                }
            ],
        },
    }


def test_a_port_is_a_number_or_a_name():
    def target(message):
        raw = field(2, field(1, field(4, message)))
        return decode(enveloped("v1", "Service", raw))["spec"]["ports"][0]["targetPort"]

    assert target(field(1, 0) + field(2, 8080) + field(3, b"")) == 8080
    assert target(field(1, 1) + field(2, 0) + field(3, b"http")) == "http"


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"k8s\x00", enveloped("v9", "Pod", b""), enveloped("v1", "Pod", b"\x0a\x7f")]
)
def test_what_cannot_be_decoded_is_a_bad_request(body):
    with pytest.raises(StatusError) as refused:
        decode(body)
    assert refused.value.code == 400


@given(st.binary(max_size=60))
def test_no_bytes_do_more_than_be_refused(raw):
    for body in (b"k8s\x00" + raw, enveloped("v1", "Pod", raw)):
        with contextlib.suppress(StatusError):
            decode(body)
