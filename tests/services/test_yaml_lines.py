"""JSON paths find their line."""

from __future__ import annotations

import pytest

from meshui.services.yaml_lines import dump, lines

TEXT = """\
kind: VirtualService
spec:
  hosts:
  - catalog
  http:
  - name: a
    route:
    - destination:
        host: gone
  portLevelMtls:
    '80':
      mode: STRICT
  labels:
    app.kubernetes.io/name: web
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("$", 1),
        ("$.spec", 2),
        ("$.spec.hosts[0]", 4),
        ("$.spec.http[0].route[0].destination.host", 9),
        ("$.spec.portLevelMtls.80", 11),
        ("$.spec.labels.app.kubernetes.io/name", 14),
        ("$.spec.http[7].route", 5),
        ("$.spec.gone.deeper", 2),
        ("$.nothing", 1),
    ],
)
def test_a_path_is_found_or_what_is_nearest_above_it(path: str, line: int) -> None:
    assert lines(TEXT, [path]) == {path: line}


def test_what_is_no_yaml_or_too_large_has_no_lines() -> None:
    assert lines("a: [", ["$.a"]) == {}
    assert lines(dump({"a": "x" * 2_000_000}), ["$.a"]) == {}
