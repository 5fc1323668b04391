"""Queries in COQL, https://www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html: of these, records whose field has a value,
by their ids. Others are not played."""

import re
from typing import Any

from flask import Flask, Response

from sandbox.shapes import filled, shaped
from sandbox.zoho import asked
from sandbox.zoho.account import Zoho
from sandbox.zoho.refusals import Refusal, wrong

MOST, MOST_FIELDS = 2_000, 50
BODY = shaped({"select_query": filled}, {})
_VALUE = r"(?:true|false|'(?:\\.|[^'\\])*')"
_QUERY = re.compile(
    rf"select (?P<fields>\w+(?:, \w+)*) from (?P<module>\w+) where \((?P<name>\w+) = (?P<value>{_VALUE}) "
    rf"and id > '(?P<after>\d+)'\) order by id limit (?P<limit>\d+)\Z"
)


def install(app: Flask, zoho: Zoho) -> None:
    @app.post("/crm/v8/coql")
    def query():
        found = _QUERY.match(asked.body(BODY)["select_query"])
        if found is None:
            raise wrong("select_query: this query is not played")
        module, names, limit = found["module"], found["fields"].split(", "), int(found["limit"])
        if module not in zoho.fields or not 1 <= limit <= MOST or len(names) > MOST_FIELDS:
            raise wrong("select_query: a module, fields or a limit that cannot be")
        unknown = [name for name in (*names, found["name"]) if name not in zoho.fields[module]]
        if unknown:
            raise Refusal(400, "INVALID_QUERY", "invalid query formed", {"reason": f"column {unknown[0]}"})
        wanted = _value(found["value"])
        with zoho.lock:
            rows = [kept.row for id_, kept in zoho.records[module].items() if zoho.live(module, id_) is not None]
        fitting = sorted(
            (row for row in rows if row.get(found["name"]) == wanted and int(row["id"]) > int(found["after"])),
            key=lambda row: int(row["id"]),
        )
        if not fitting:
            return Response(status=204)
        shown = [{name: row.get(name) for name in (*names, "id")} for row in fitting[:limit]]
        return asked.answered({"data": shown, "info": {"count": len(shown), "more_records": len(fitting) > limit}})


def _value(written: str) -> Any:
    if written in ("true", "false"):
        return written == "true"
    return re.sub(r"\\(.)", r"\1", written[1:-1])
