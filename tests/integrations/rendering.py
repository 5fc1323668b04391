"""The dbt project's models as dbt writes them, without dbt: for tests of what they answer. ``make integrations`` runs dbt."""

import csv
from types import SimpleNamespace

from jinja2 import Environment, StrictUndefined

from integrations.dbt.generate import FOLDER
from queries.reports.catalogue import REPORTS

STAGING = ("stg_call_outcomes", "stg_leads", "stg_loads")
MACROS = (FOLDER / "macros" / "wrapup.sql").read_text(encoding="utf-8")
REPORT_MODELS = (*(f"wrapup_{name}" for name in REPORTS), "wrapup_compared")


def rendered(engine: str, name: str, **variables: str) -> str:
    folder = FOLDER / "models" / ("staging" if name in STAGING else "reports")
    template = Environment(undefined=StrictUndefined).from_string(MACROS + (folder / f"{name}.sql").read_text("utf-8"))
    known = {"timezone": "UTC", "now": "", "since": "", **variables}
    return template.render(
        target=SimpleNamespace(type=engine), var=known.__getitem__, ref=str, source=lambda _, table: table
    )


def seeds(folder=FOLDER / "seeds"):
    """(name, columns, rows) of each."""
    for file in sorted(folder.glob("*.csv")):
        columns, *rows = csv.reader(file.open(encoding="utf-8"))
        yield file.stem, columns, rows
