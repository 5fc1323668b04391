"""The conditions as Prometheus's rules: ``wrapup alerts rules`` writes them, and deploy/prometheus holds them as they are without
settings. YAML is written by hand: every text in it is also JSON."""

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta

from upkeep.alerts.condition import BELOW, CRITICAL, GROWS, IS, JOB, KEEPS, MISSING_FOR, SEEN, WARNING, Condition
from upkeep.metrics.names import SET_UP, WHAT

GROUP, MISSING_GROUP = "wrapup", "wrapup-missing"
PAGE = "/docs/alerts.md"
_UP, _AT_ONCE = "up", ("unreachable", "database_away", "worker_away")  # of which a missing figure is as bad
_HEAD = """\
# Alerts of Wrapup, for Prometheus 2.42 and later. Written by `wrapup alerts rules`, which writes yours, with the bounds and the
# public address of your settings. What each means and what to do: docs/alerts.md. The scrape's job must be called wrapup.
"""


def missing_alert(condition: Condition) -> str:
    """Its twin's name."""
    return f"{condition.alert}Missing"


def span(lasts: timedelta) -> str:
    """As Prometheus writes it."""
    seconds = int(lasts.total_seconds())
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"


def series(metric: str, condition: Condition | None = None) -> str:
    """With the labels that the condition takes, where it is about this metric."""
    if condition is None or metric != condition.metric:
        return metric
    labels = [f"{name}={json.dumps(value)}" for name, value in condition.only.items()]
    labels += [f"{name}!~{json.dumps(pattern)}" for name, pattern in condition.but.items()]
    return f"{metric}{{{','.join(labels)}}}" if labels else metric


def expression(condition: Condition) -> str:
    own = series(condition.metric, condition)
    if condition.sign == GROWS:
        own = f"({own} - min_over_time({own}[{span(condition.over)}]))"
    sign = ">" if condition.sign == GROWS else condition.sign
    if not condition.of_machine:  # every reader says the same of the one database
        least = condition.sign == BELOW or (condition.sign == IS and condition.bound == 0)
        own = f"{'min' if least else 'max'} without (instance) ({own})"
    return f"{own} {sign} {condition.bound:.12g}"


def missing_expression(condition: Condition) -> str:
    own = series(condition.watched, condition)
    if condition.metric == _UP:
        return f"absent({own})"
    if condition.seen:
        return f"last_over_time({own}[{span(SEEN)}]) unless {own}"
    if condition.of_machine:
        return f'{_UP}{{job="{JOB}"}} == 1 unless on (instance) {own}'
    if condition.needs:
        explained = "".join(f" unless on () ({one} > 0)" for one in condition.unless)
        return f'max({SET_UP}{{{WHAT}="{condition.needs}"}}) > 0 unless on () {own}{explained}'
    return f"absent({own})"


def missing_severity(condition: Condition) -> str:
    return CRITICAL if condition.name in _AT_ONCE else WARNING


def missing_for(condition: Condition) -> timedelta:
    return timedelta(minutes=1) if condition.name in _AT_ONCE else MISSING_FOR


def runbook(condition: Condition, public_url: str) -> str:
    return f"{public_url}{PAGE}#{condition.title.lower().replace(' ', '-')}"


def written(conditions: Iterable[Condition], public_url: str) -> str:
    """The whole file."""
    conditions = list(conditions)
    lines = [_HEAD + "groups:", f"  - name: {GROUP}", "    rules:"]
    for one in conditions:
        template = one.sentence.format(
            **{name: f"{{{{ $labels.{name} }}}}" for name in one.of}, value=one.form.template
        )
        lines += _rule(
            one.alert, expression(one), one.lasts, one.severity, template, one.todo, runbook(one, public_url)
        )
    lines += [f"  - name: {MISSING_GROUP}", "    rules:"]
    for one in conditions:
        said = (one.missing_sentence, one.todo, runbook(one, public_url))
        lines += _rule(missing_alert(one), missing_expression(one), missing_for(one), missing_severity(one), *said)
    return "\n".join(lines) + "\n"


def _rule(
    alert: str, expr: str, lasts: timedelta, severity: str, summary: str, description: str, url: str
) -> Iterator[str]:
    yield f"      - alert: {alert}"
    yield f"        expr: {json.dumps(expr)}"
    if lasts:
        yield f"        for: {span(lasts)}"
    yield f"        keep_firing_for: {span(KEEPS)}"
    yield f"        labels: {{severity: {severity}}}"
    yield "        annotations:"
    yield f"          summary: {json.dumps(summary)}"
    yield f"          description: {json.dumps(description)}"
    yield f"          runbook_url: {json.dumps(url)}"
