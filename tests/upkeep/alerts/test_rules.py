"""Prometheus's rules are the table: written from it, tested by promtool, and judged alike by the worker."""

import re
import shutil
import subprocess
from datetime import timedelta

import pytest
import yaml

from tests.docs.pages import ROOT, anchors, read
from tests.factories import NOON
from tests.upkeep.alerts import cases
from tests.upkeep.alerts.cases import FOLDER, PUBLIC_URL
from upkeep.alerts import rules
from upkeep.alerts.condition import SEVERITIES
from upkeep.alerts.conditions import CONDITIONS
from upkeep.alerts.judging import Figures, judged
from upkeep.alerts.state import State

PROMTOOL, AMTOOL = shutil.which("promtool"), shutil.which("amtool")
RULES = FOLDER / "wrapup.rules.yml"


def of(alert: str):
    """(The condition, whether it is its twin.)"""
    (found,) = [one for one in CONDITIONS if alert in (one.alert, rules.missing_alert(one))]
    return found, alert != found.alert


def test_the_files_are_up_to_date():
    assert RULES.read_text(encoding="utf-8") == rules.written(CONDITIONS, PUBLIC_URL)
    assert cases.FILE.read_text(encoding="utf-8") == cases.written()


def test_each_alert_has_its_twin_a_severity_a_sentence_and_a_heading():
    found = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    names = {rule["alert"] for rule in found}
    assert names == {name for one in CONDITIONS for name in (one.alert, rules.missing_alert(one))}
    assert len(CONDITIONS) >= 15 and len(names) == len(found) == 2 * len(CONDITIONS)
    known = anchors(read("docs/alerts.md"))
    for rule in found:
        assert rule["labels"]["severity"] in SEVERITIES
        assert rule["annotations"]["summary"].endswith(".") and rule["annotations"]["description"].endswith(".")
        page, _, anchor = rule["annotations"]["runbook_url"].removeprefix(f"{PUBLIC_URL}/").partition("#")
        assert page == "docs/alerts.md" and anchor in known, rule["alert"]


def test_each_alert_has_a_case_that_fires_and_one_that_is_quiet():
    fires = {case.alert for case in cases.cases() if case.labels is not None}
    quiet = {case.alert for case in cases.cases() if case.labels is None}
    assert fires == quiet == {name for one in CONDITIONS for name in (one.alert, rules.missing_alert(one))}


@pytest.mark.skipif(PROMTOOL is None, reason="there is no promtool")
def test_promtool_finds_them_so():
    for words in (
        ("check", "rules", RULES),
        ("test", "rules", cases.FILE),
        ("check", "config", FOLDER / "prometheus.yml"),
    ):
        told = subprocess.run([PROMTOOL, *words], capture_output=True, text=True, cwd=FOLDER, timeout=900)
        assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.skipif(AMTOOL is None, reason="there is no amtool")
def test_amtool_accepts_the_example():
    told = subprocess.run(
        [AMTOOL, "check-config", FOLDER / "alertmanager.yml"], capture_output=True, text=True, timeout=60
    )
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("case", list(cases.cases()), ids=lambda case: f"{case.alert}-{case.labels is not None}")
def test_the_worker_judges_as_prometheus_does(case):
    """The cases are promtool's, so that the two agree by way of them: on what fires, when, and in which words."""
    condition, missing = of(case.alert)
    if not condition.own:
        pytest.skip("the worker cannot judge it: it is about the worker's own machine")
    given, state = [(name, labels(name), unfolded(values)) for name, values in case.series.items()], State()
    for minute in range(case.minute + 1):
        values: dict = {}
        for name, own, by_minute in given:
            if minute < len(by_minute):
                values.setdefault(name.partition("{")[0], {})[own] = by_minute[minute]
        now = NOON + timedelta(minutes=minute)
        state.advance(*judged([condition], Figures(values), state.windows, now), now, quiet=False)
    said = [one.summary for one in state.on() if ('"missing"' in one.key) == missing]
    assert said == ([case.annotations["summary"]] if case.annotations else [])


def labels(name: str) -> tuple[tuple[str, str], ...]:
    """Without those that Prometheus adds."""
    found = re.findall(r'(\w+)="([^"]*)"', name)
    return tuple((key, value) for key, value in found if key not in ("instance", "job"))


def unfolded(values: str) -> list[float]:
    found = []
    for part in values.split():
        if part == "stale":
            break
        value, _, more = part.partition("x")
        found += [float(value)] * (int(more) + 1)
    return found


def test_every_metric_of_a_condition_is_one():
    told = set(re.findall(r"\bwrapup_[a-z_]+", read("docs/operations.md")))
    for one in CONDITIONS:
        assert {one.metric, one.watched} - {"up"} <= told, one.name
    assert (ROOT / "deploy" / "prometheus" / "prometheus.yml").exists()
