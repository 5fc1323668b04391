"""Reports as files: CSV, lines of JSON, and a workbook. A row for each row of the report, or the totals where it has none."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from lib import zones
from queries.exports import spreadsheet

CSV, XLSX, NDJSON = "csv", "xlsx", "ndjson"
TYPES = {
    CSV: "text/csv; charset=utf-8; header=present",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_NO_FIGURE = ("reasons",)
_DATE, _TIME = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"  # formats of cells

Rows = Sequence[Mapping[str, Any]]


def table(rows: Rows) -> tuple[list[str], list[list[Any]]]:
    """The columns' names, and the rows' values. What a row shows as an object stands in columns of its members' names:
    ``now_connected``. Times are aware, days are dates."""
    flat = [_flat(row) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    return names, [[_typed(name, row.get(name)) for name in names] for row in flat]


def made(form: str, rows: Rows, tz: str, for_spreadsheet: bool = False) -> bytes:
    """The file. Times are as in exports of outcomes: in CSV of one width, in UTC, in a workbook on the clocks of ``tz``; there
    they stand in CSV ``for_spreadsheet``, too, which people open with a double click."""
    if form == NDJSON:
        return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
    return written(form, *table(rows), tz, for_spreadsheet)


def written(
    form: str, names: Sequence[str], values: Sequence[Sequence[Any]], tz: str, for_spreadsheet: bool = False
) -> bytes:
    """CSV or a workbook of a table."""
    if form == XLSX:
        return _xlsx(names, values, tz)
    return _for_spreadsheet(names, values, ZoneInfo(tz)) if for_spreadsheet else _csv(names, values)


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


def _csv(names: Sequence[str], values: Sequence[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(value) for value in row] for row in values)
    return out.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}"
    # As in exports of outcomes: a text that a spreadsheet would run stands behind an apostrophe.
    return "'" + value if isinstance(value, str) and spreadsheet.is_formula(value) else value


def _for_spreadsheet(names: Sequence[str], values: Sequence[Sequence[Any]], zone: ZoneInfo) -> bytes:
    """As ``queries.exports.spreadsheet`` writes outcomes."""

    def cell(value: Any) -> Any:
        if isinstance(value, datetime):
            return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        return spreadsheet.whole(value) if isinstance(value, str) and value else value

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([cell(value) for value in row] for row in values)
    return spreadsheet.BOM + out.getvalue().encode("utf-8", "replace")


def _xlsx(names: Sequence[str], values: Sequence[Sequence[Any]], tz: str) -> bytes:
    import xlsxwriter  # for whoever asks for a workbook alone

    out = io.BytesIO()
    # Texts stay texts, whatever they look like.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    zone = zones.named(tz)
    with xlsxwriter.Workbook(out, options) as workbook:
        day, moment = (workbook.add_format({"num_format": form}) for form in (_DATE, _TIME))
        sheet = workbook.add_worksheet("Report")
        sheet.freeze_panes(1, 0)
        for down, row in enumerate([names, *values]):
            for across, value in enumerate(row):
                if isinstance(value, datetime):
                    local = value.astimezone(zone).replace(tzinfo=None, microsecond=0)
                    sheet.write_datetime(down, across, local, moment)
                elif isinstance(value, date):
                    sheet.write_datetime(down, across, value, day)
                elif value is not None and not _marked(sheet, down, across, value):
                    sheet.write(down, across, value)
    return out.getvalue()


def _marked(sheet: Any, down: int, across: int, value: Any) -> bool:
    """Write ``<r>x</r>``, which xlsxwriter would take for the markup of a text with formats of its own; whether it was one."""
    if not isinstance(value, str) or not (value.startswith("<r>") and value.endswith("</r>")):
        return False
    written: int = sheet.write_rich_string(down, across, "<", "r", value[2:])
    return written == 0
