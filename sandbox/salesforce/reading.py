"""Routes of what is asked: SOQL, SOSL, and what is known of objects."""

import time
from typing import Any

import orjson
from flask import Flask, Response, g, request

from sandbox.salesforce import questions
from sandbox.salesforce.account import Kept, Row, Salesforce
from sandbox.salesforce.questions import Question
from sandbox.salesforce.refusals import Refusal, wrong

MOST_FOUND = 2_000


def install(app: Flask, org: Salesforce, data: str) -> None:
    @app.get(f"{data}/query", strict_slashes=False)
    def query():
        found = questions.soql(_only("q"), org.objects)
        with org.lock:
            return answered(_page(org, [_shown(found, one) for one in _fitting(org, found)]))

    @app.get(f"{data}/query/<locator>")
    def further(locator: str):
        with org.lock:
            if request.args or locator not in org.cursors:
                raise wrong("invalid query locator", "INVALID_QUERY_LOCATOR")
            return answered(_page(org, org.cursors.pop(locator)))

    @app.get(f"{data}/search/", strict_slashes=False)
    def search():
        terms, asked = questions.sosl(_only("q"), org.objects)
        late = float(g.faults.get("search_delay") or org.search_delay)
        rows, wanted = [], [questions.words(term) for term in terms]
        with org.lock:
            for one in asked:
                phones = [name for name, known in org.objects[one.kind].fields.items() if known.type == "phone"]
                for kept in _fitting(org, one):
                    seen = kept.since <= time.monotonic() - late or not kept.since
                    there = [questions.words(kept.row[name]) for name in phones] if seen else []
                    if any(term in one for one in there for term in wanted):
                        rows.append(_shown(one, kept))
        return answered({"searchRecords": rows[:MOST_FOUND]})

    @app.get(f"{data}/sobjects/<kind>/describe")
    def describe(kind: str):
        if request.args or kind not in org.objects:
            raise Refusal(404, "NOT_FOUND", "The requested resource does not exist", wrong=bool(request.args))
        fields = [one.shown() for one in org.objects[kind].fields.values()]
        return answered({"name": kind, "keyPrefix": None, "fields": fields})


def answered(said: Any) -> Response:
    return Response(orjson.dumps(said), 200, mimetype="application/json")


def _page(org: Salesforce, rows: list[Row]) -> Row:
    found: Row = {"totalSize": len(rows), "done": len(rows) <= org.page, "records": rows[: org.page]}
    if not found["done"]:
        org.counted["pages"] += 1
        locator = f"01g000000000666-{org.counted['pages']}"
        org.cursors[locator] = rows[org.page :]
        found["nextRecordsUrl"] = f"/services/data/v68.0/query/{locator}"
    return found


def _only(name: str) -> str:
    if set(request.args) != {name}:
        raise wrong(f"the address must have {name}, and nothing else", "MALFORMED_QUERY")
    return request.args[name]


def _fitting(org: Salesforce, asked: Question) -> list[Kept]:
    gone = {str(one)[:15] for one in g.faults.get("deleted") or ()}
    rows = [one for one in org.records[asked.kind].values() if not one.deleted and one.row["Id"][:15] not in gone]
    return [one for one in rows if all(condition.holds(one.row) for condition in asked.conditions)]


def _shown(asked: Question, kept: Kept) -> Row:
    id_ = kept.row["Id"]
    attributes = {"type": asked.kind, "url": f"/services/data/v68.0/sobjects/{asked.kind}/{id_}"}
    return {"attributes": attributes, **{name: kept.row.get(name) for name in asked.fields}}
