"""Writes the dbt models of the reports anew, from their definitions: ``python -m integrations.dbt.generate``."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from integrations.dbt import before, comparing, composing
from lib import phone_plans, zones
from queries.reports import pages
from queries.reports.base import Figure, Report
from queries.reports.catalogue import REPORTS

FOLDER = Path(__file__).parent
SPAN = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)  # in which the clocks of a country agree
OF_CALLS = "call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),\n"
OF_LEADS = (
    "loaded_leads as (select * from {{ ref('stg_leads') }}),\nlead_loads as (select * from {{ ref('stg_loads') }}),\n"
)
COMPARED = REPORTS["contact_rate"]  # the one that is compared
NAMED = {"rule": "The rule that the call breaks.", "state": "What became of the promise.", "number": "The customer's."}


def files() -> Iterator[tuple[Path, str]]:
    """Each with what is to stand in it."""
    for report in REPORTS.values():
        yield FOLDER / "models" / "reports" / f"wrapup_{report.name}.sql", model(report)
    yield FOLDER / "models" / "reports" / "wrapup_compared.sql", comparing.model(COMPARED)
    yield FOLDER / "models" / "reports" / "reports.yml", described()
    yield FOLDER / "seeds" / "wrapup_clocks.csv", "".join(f"{line}\n" for line in ("begins,zone", *_clocks()))


def model(report: Report) -> str:
    head = f"-- {report.question} Generated: python -m integrations.dbt.generate.\n"
    rows = OF_LEADS if report.tables else OF_CALLS
    if report.name == "number_health":
        rows = before.CALLS
    of_engine = [composing.composed(engine, report) for engine in composing.ENGINES]
    postgres, duckdb = (f"with {rows}{one}\n" for one in of_engine)
    return f"{head}{{% if target.type == 'duckdb' %}}\n{duckdb}{{% else %}}\n{postgres}{{% endif %}}\n"


def described() -> str:
    """Descriptions and tests of all of them."""
    lines = ["# Generated: python -m integrations.dbt.generate.", "version: 2", "models:"]
    for report in REPORTS.values():
        lines += [f"  - name: wrapup_{report.name}", f"    description: {_quoted(report.question)}", "    columns:"]
        keys = _keys(report)
        for name in keys:
            lines += [
                f"      - name: {name}",
                f"        description: {_quoted(NAMED.get(name, 'What it is counted by.'))}",
            ]
        left_out = composing.LEFT_OUT.get(report.name, ())
        for figure in report.figures:
            if not (figure.hidden or figure.of_totals or figure.name in left_out):
                lines += _column(figure)
        if report.name in ("callbacks", "compliance"):
            lines += ["      - name: id", "        description: 'Of the call.'", "        data_tests: [not_null]"]
    return "\n".join([*lines, *comparing.described(COMPARED)]) + "\n"


def _keys(report: Report) -> tuple[str, ...]:
    if report.name == "unreachable_numbers":
        return ("number",)
    if report.paged is not None:
        return ("rule" if report.name == "compliance" else "state", *(name for name in pages.SHOWN if name != "id"))
    groups = composing.groups_of(report)
    found = [composing.counting.source_of(report).groups[name].fields for name in groups]
    return tuple(name for fields in found for name in fields)


def _column(figure: Figure) -> list[str]:
    of = f" Of: {figure.denominator}" if figure.denominator else ""
    said = f"{figure.numerator}{of} Left out: {figure.excludes} Unit: {figure.unit}."
    lines = [f"      - name: {figure.name}", f"        description: {_quoted(said)}"]
    if figure.calls is not None and figure.denominator is None and not figure.excludes.count("Null"):
        if "nobody has mapped" not in figure.excludes:
            lines.append("        data_tests: [not_null]")
    return lines


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _clocks() -> Iterator[str]:
    """What numbers begin with behind their sign, and the zone of a country with one clock: ``queries.reports.clocks``."""
    for begins in map(str, range(100, 1000)):
        countries = phone_plans.countries(begins)
        if zones.shared(countries, *SPAN):
            of_country = (zone.key for country in countries for zone in zones._of_country(country))
            yield f"{begins},{next(zone for zone in of_country if zone not in zones.NUMBERED_ELSEWHERE)}"


def main() -> None:
    for file, text in files():
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
