"""Grafana's dashboard is red where the table of conditions has an alert, and counts what all readers say of one database once."""

import json
import re

import pytest

from tests.docs.pages import ROOT
from upkeep.alerts.conditions import CONDITIONS

PANELS = json.loads((ROOT / "deploy" / "grafana" / "operations.json").read_text(encoding="utf-8"))["panels"]
OF_MACHINE = {one.metric for one in CONDITIONS if one.of_machine} | {"wrapup_build_info"}
BOUNDS = [(one.metric, one.bound or 1) for one in CONDITIONS if one.sign in "<>"]  # of a count: the first whole one


def figures(panel) -> list[tuple[str, str]]:
    """(a question of the panel, a figure in it)."""
    asked = [target["expr"] for target in panel.get("targets", ())]
    return [(expr, name) for expr in asked for name in re.findall(r"wrapup_\w+", expr)]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel(panel):
    steps = [one["value"] for one in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", ())]
    for expr, name in figures(panel):
        if name not in OF_MACHINE:
            once = rf"max(?: without \(instance\) )?\((?:deriv\()?{name}"
            assert re.search(once, expr), "each reader says it of the one database"
        bounds = [bound for metric, bound in BOUNDS if metric == name]
        if len(steps) > 1 and bounds:
            assert steps[1] in bounds
