"""The health file, and what it says of mistakes in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from meshui.adapters.health_file import BadHealthFile, parse, read
from meshui.domain.health.limits import limits
from meshui.domain.health.rules import HealthRule, HealthRules
from meshui.domain.health.thresholds import Thresholds

DOCUMENTED = (Path(__file__).parents[2] / "docs" / "health.md").read_text()


def test_the_documented_file_is_one() -> None:
    text = DOCUMENTED.split("## The health file")[1].split("```yaml\n")[1].split("```")[0]
    found = parse(text)
    assert found.thresholds == Thresholds(keep=0.8, minimum_failed=2)
    assert [(rule.namespace, rule.kind, rule.name) for rule in found.rules] == [
        ("payments", None, "*"),
        ("shop-*", "workload", "newsletter"),
        ("*", None, "*"),
    ]
    assert found.rules[0].limits == limits("503 degraded 0.1% failing 1%", "health file, namespace payments")
    assert found.rules[1].limits[0].origin == "health file, namespace shop-*, workload newsletter"


def test_the_documented_limits_are_some() -> None:
    assert len(limits(DOCUMENTED.split("## Limits")[1].split("```\n")[1])) == 7


def test_an_empty_file_has_no_rules() -> None:
    assert parse("") == parse("# nothing\n") == HealthRules()
    assert parse("rules: []") == HealthRules()
    assert parse("rules: [{limits: [503 never]}]").rules == (HealthRule(limits("503 never", "health file")),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules: [", "line 1: it is not YAML"),
        ("- a", "line 1: the file must be a mapping"),
        ("\nrule: []", "line 2: the file has no 'rule'; did you mean rules?"),
        ("rules: x", "line 1: rules must be a list"),
        ("rules:\n  - x", "line 2: a rule must be a mapping"),
        ("rules:\n  - namespace: a", "line 2: limits: the rule has none"),
        ("rules:\n  - limits: []", "line 2: limits: there is none"),
        ("rules:\n  - limits:\n      - 503 never\n      - 503 soon", "line 4: limits: 'soon' means nothing here"),
        ("rules:\n  - {limits: [503 never], workload: a, service: b}", "line 2: service: a rule is for workloads or"),
        ("rules:\n  - limits: [503 never]\n    namespase: a", "line 3: a rule has no 'namespase'; did you mean names"),
        ("rules:\n  - limits: [503 never]\n    namespace: [a]", "line 3: namespace must be a text"),
        ("keep: 80", "line 1: keep must be a share from 0% to 100%, not '80'"),
        ("minimum_failed: few", "line 1: minimum_failed must be a whole number"),
        ("keep: 1%\nkeep: 2%", "line 2: keep is given twice"),
        ("rules: [" + "{limits: [503 never]}," * 501 + "]", "line 1: there are more than 500 rules"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(BadHealthFile) as problem:
        parse(text)
    assert told in str(problem.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadHealthFile, match="can't be read"):
        read(tmp_path / "none.yaml")
    (tmp_path / "large.yaml").write_text("#" * 300_000)
    with pytest.raises(BadHealthFile, match="more than 256 KiB"):
        read(tmp_path / "large.yaml")


def test_a_mistake_stops_the_start_and_names_the_variable(tmp_path: Path) -> None:
    file = tmp_path / "health.yaml"
    file.write_text("rules:\n  - limits: [503 soon]\n")
    environment = {"MESHUI_DEMO": "1", "MESHUI_STATE": str(tmp_path), "MESHUI_HEALTH_FILE": str(file)}
    started = subprocess.run(
        [sys.executable, "-c", "import meshui.settings"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert started.returncode != 0
    assert "MESHUI_HEALTH_FILE must be a health file" in started.stderr
    assert "line 2: limits: 'soon' means nothing here" in started.stderr
    file.write_text("rules:\n  - limits: [503 never]\n")
    command = "import meshui.settings as s; print(len(s.HEALTH_RULES.rules))"
    good = subprocess.run([sys.executable, "-c", command], env=environment, capture_output=True, text=True, timeout=60)
    assert good.stdout.strip() == "1"
