"""A campaign as a CSV sheet: the form of the request that can name no callback URLs.

docs.ryng.in, "Create Campaign API", form-data: ``campaign-sheet``, ``agents``, ``campaign-name``. No page says how the columns
are called. The case study shows a table whose numbers stand under "Mobile"; the options say otherwise where that is wrong.
"""

import csv
import io
from collections.abc import Mapping
from typing import Any

from dialers.base import Connection
from dialers.giving import Order
from dialers.ryng import custom_fields
from dialers.ryng.options import IN_FILE

SHEET = "campaign-sheet"
NUMBER_HEADER = "Mobile"


def form(connection: Connection, order: Order) -> dict[str, str]:
    """The parts of the form, as text."""
    options = order.options
    inline = options.get("agentMapping") == "inline"
    agents = IN_FILE if inline else ",".join(options.get("agents", ()))
    return {
        SHEET: _sheet(connection, order, inline),
        **({"agents": agents} if agents else {}),
        **({"campaign-name": order.name} if order.name else {}),
    }


def parts(form: Mapping[str, str]) -> dict[str, Any]:
    """The form as ``Http.exchange`` takes it."""
    fields = {name: text for name, text in form.items() if name != SHEET}
    return {"data": fields, "files": {SHEET: ("leads.csv", form[SHEET].encode(), "text/csv")}}


def _sheet(connection: Connection, order: Order, inline: bool) -> str:
    options = order.options
    headers = custom_fields.places(connection, order.leads, options.get("customFieldNames", {}))
    columns = sorted(headers, key=headers.__getitem__)
    written = io.StringIO()
    sheet = csv.writer(written)
    agents = [options["agents_header"]] if inline else []
    sheet.writerow([options.get("number_header", NUMBER_HEADER), *agents, *columns])
    for lead in order.leads:
        texts = custom_fields.values(connection, lead) | {custom_fields.MARK: lead.mark}
        sheet.writerow(
            [lead.number, *([",".join(lead.agents)] if inline else []), *(texts.get(column, "") for column in columns)]
        )
    return written.getvalue()
