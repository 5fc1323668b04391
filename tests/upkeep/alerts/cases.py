"""What ``promtool test rules`` is given, one case that fires and one that is quiet for each alert: ``python -m
tests.upkeep.alerts.cases`` writes deploy/prometheus/wrapup.rules.test.yml."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from tests.docs.pages import ROOT
from upkeep.alerts import rules
from upkeep.alerts.condition import ABOVE, BELOW, GROWS, IS, JOB, Condition
from upkeep.alerts.conditions import CONDITIONS
from upkeep.alerts.rules import missing_alert, missing_for, missing_severity, runbook
from upkeep.metrics.names import SET_UP

FOLDER = ROOT / "deploy" / "prometheus"
FILE = FOLDER / "wrapup.rules.test.yml"
PUBLIC_URL = "http://127.0.0.1:8080"
WHERE = {"instance": "calls.example.com:443", "job": JOB}
VALUES = {"connection": "ryng-main", "destination": "sales", "report": "calls", "layer": "recent", "field": "callEnded"}
VALUES |= {"reason": "busy", "loop": "normalize", "channel": "mail", "kind": "receipts", "process": "worker"}
_LEAD = 5  # minutes of health before


@dataclass(frozen=True)
class Case:
    """``series``: of the input, each with its values by the minute, as promtool writes them."""

    alert: str
    series: dict[str, str]
    minute: int
    labels: dict[str, str] | None = None  # of the alert that fires; None: none does
    annotations: dict[str, str] | None = None


def cases() -> Iterator[Case]:
    for one in CONDITIONS:
        yield from _of_value(one)
        yield from _of_missing(one)


def _of_value(one: Condition) -> Iterator[Case]:
    own = {name: VALUES[name] for name in one.of if name in VALUES} | dict(one.only) | WHERE
    name = _series(one.metric, own)
    minutes = _LEAD + int(one.lasts / timedelta(minutes=1)) + 1
    bad, well = _values(one)
    labels = own if one.of_machine else {key: value for key, value in own.items() if key != "instance"}
    grows = one.sign == GROWS
    for value in (bad, 1e16) if "gt $value" in one.form.template else (bad,):
        said = one.said(own, value - well if grows else value)
        annotations = _annotations(one, said)
        values = f"{_text(well)}x{_LEAD - 1} {_text(value)}x{minutes}"
        yield Case(one.alert, {name: values}, minutes, labels | {"severity": one.severity}, annotations)
    yield Case(one.alert, {name: f"{_text(well)}x{2 * minutes}"}, minutes)
    if one.lasts:
        yield Case(one.alert, {name: f"{_text(well)}x{minutes - 1} {_text(bad)}x5"}, minutes)


def _values(one: Condition) -> tuple[float, float]:
    """(one that fires, one that just does not)."""
    if one.sign == GROWS:
        return 10 + one.bound, 7.0
    if one.sign == IS:
        return one.bound, 1 - one.bound
    return {ABOVE: (2 * one.bound + 61, one.bound), BELOW: (one.bound / 2, one.bound)}[one.sign]


def _of_missing(one: Condition) -> Iterator[Case]:
    minutes = int(missing_for(one) / timedelta(minutes=1)) + 1
    own = {name: VALUES[name] for name in one.of if name in VALUES and one.watched == one.metric}
    own |= (dict(one.only) if one.watched == one.metric else {}) | WHERE
    there = {_series(one.watched, own): f"1x{minutes}"}
    if one.seen:
        annotations = _annotations(one, one.missing_sentence)
        gone = {_series(one.watched, own): f"1x{_LEAD} stale"}
        labels = {name: value for name, value in own.items()} | {"severity": missing_severity(one)}
        yield Case(missing_alert(one), gone, _LEAD + minutes + 1, labels, annotations)
        yield Case(missing_alert(one), there, minutes)
        yield Case(missing_alert(one), {_series("up", WHERE): f"1x{minutes}"}, minutes)
        return
    around = {} if one.metric == "up" else {_series("up", WHERE): f"1x{minutes}"}
    if one.needs:
        around[_series(SET_UP, {"what": one.needs} | WHERE)] = f"1x{minutes}"
    if one.metric == "up":
        labels = dict(one.only)
    elif one.of_machine:
        labels = WHERE
    else:
        labels = {} if one.needs or one.watched != one.metric else dict(one.only)
    annotations = _annotations(one, one.missing_sentence)
    yield Case(missing_alert(one), around, minutes, labels | {"severity": missing_severity(one)}, annotations)
    yield Case(missing_alert(one), around | there, minutes)
    if one.needs:
        none = {name: values.replace("1x", "0x") if SET_UP in name else values for name, values in around.items()}
        yield Case(missing_alert(one), none, minutes)
    for why in one.unless:
        yield Case(missing_alert(one), around | {_series(why, WHERE): f"1x{minutes}"}, minutes)


def _annotations(one: Condition, summary: str) -> dict[str, str]:
    return {"summary": summary, "description": one.todo, "runbook_url": runbook(one, PUBLIC_URL)}


def _series(metric: str, labels: dict[str, str]) -> str:
    return f"{metric}{{{','.join(f'{name}={json.dumps(value)}' for name, value in sorted(labels.items()))}}}"


def _text(value: float) -> str:
    return f"{value:.17g}"


def written() -> str:
    head = (
        "# Written by python -m tests.upkeep.alerts.cases: promtool test rules deploy/prometheus/wrapup.rules.test.yml"
    )
    lines = [head, "rule_files: [wrapup.rules.yml]", "evaluation_interval: 1m", "tests:"]
    for case in cases():
        lines += ["  - interval: 1m", "    input_series:"]
        lines += [
            f"      - {{series: {json.dumps(name)}, values: {json.dumps(values)}}}"
            for name, values in case.series.items()
        ]
        lines += ["    alert_rule_test:", f"      - eval_time: {case.minute}m", f"        alertname: {case.alert}"]
        if case.labels is not None:
            fires = {"exp_labels": case.labels, "exp_annotations": case.annotations}
            lines.append(f"        exp_alerts: [{json.dumps(fires)}]")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (FOLDER / "wrapup.rules.yml").write_text(rules.written(CONDITIONS, PUBLIC_URL), encoding="utf-8")
    FILE.write_text(written(), encoding="utf-8")
