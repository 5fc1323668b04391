"""Reports as files: CSV for programs, and a workbook. A row for each row of the report, or the totals where it has none."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from lib import zones
from queries.exports import spreadsheet

CSV, XLSX = "csv", "xlsx"
TYPES = {
    CSV: "text/csv; charset=utf-8; header=present",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_NO_FIGURE = ("reasons",)
_DATE, _TIME = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"  # formats of cells

Rows = Sequence[Mapping[str, Any]]


def made(form: str, rows: Rows, tz: str) -> bytes:
    """The file. What a row shows as an object stands in columns of its members' names: ``now_connected``. Times are as in exports
    of outcomes: in CSV of one width, in UTC, in a workbook on the clocks of ``tz``."""
    flat = [_flat(row) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    table = [[_typed(name, row.get(name)) for name in names] for row in flat]
    return _csv(names, table) if form == CSV else _xlsx(names, table, tz)


def _typed(name: str, value: Any) -> Any:
    """The value, where it is a time or a day as that. Rows name their times ``..._at``."""
    if value is not None and name.endswith("_at"):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if value is not None and name == "day" else value


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name in _NO_FIGURE:
            continue
        if isinstance(value, Mapping):
            found |= {f"{name}_{inner}": one for inner, one in value.items()}
        else:
            found[name] = value
    return found


def _csv(names: Sequence[str], table: Sequence[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(value) for value in row] for row in table)
    return out.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}"
    # As in exports of outcomes: a text that a spreadsheet would run stands behind an apostrophe.
    return "'" + value if isinstance(value, str) and spreadsheet.runs(value) else value


def _xlsx(names: Sequence[str], table: Sequence[Sequence[Any]], tz: str) -> bytes:
    import xlsxwriter  # for whoever asks for a workbook alone

    out = io.BytesIO()
    # Texts stay texts, whatever they look like.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    zone = zones.named(tz)
    with xlsxwriter.Workbook(out, options) as workbook:
        day, moment = (workbook.add_format({"num_format": form}) for form in (_DATE, _TIME))
        sheet = workbook.add_worksheet("Report")
        sheet.freeze_panes(1, 0)
        for down, row in enumerate([names, *table]):
            for across, value in enumerate(row):
                if isinstance(value, datetime):
                    local = value.astimezone(zone).replace(tzinfo=None, microsecond=0)
                    sheet.write_datetime(down, across, local, moment)
                elif isinstance(value, date):
                    sheet.write_datetime(down, across, value, day)
                elif value is not None:
                    sheet.write(down, across, value)
    return out.getvalue()
