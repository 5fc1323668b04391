"""Routes of persons, leads and deals: read by their ids, searched, changed."""

import time
from collections.abc import Mapping
from typing import Any

from flask import Flask, g

from sandbox.pipedrive import asked, shapes
from sandbox.pipedrive.account import Kept, Pipedrive, Row
from sandbox.pipedrive.asked import answered
from sandbox.pipedrive.refusals import Refusal, invalid, not_found


def install(app: Flask, pipedrive: Pipedrive) -> None:
    def live(kind: str, id_: Any) -> Kept | None:
        return pipedrive.live(kind, id_, g.faults.get("deleted"))

    def listed(kind: str) -> list[Row]:
        with pipedrive.lock:
            return [one.row for id_, one in pipedrive.records[kind].items() if live(kind, id_) is not None]

    def of_version_two(kind: str):
        given = asked.parameters()
        rows = [row for row in listed(kind) if not row.get("is_archived")]
        if "ids" in given:
            rows = [row for row in rows if str(row["id"]) in given["ids"].split(",")]
        if "filter_id" in given:
            rows = [row for row in rows if _shown(pipedrive, given["filter_id"], row)]
        for name in ("person_id", "pipeline_id", "stage_id", "owner_id"):
            rows = [row for row in rows if name not in given or str(row[name]) == given[name]]
        if "status" in given:
            rows = [row for row in rows if row["status"] in given["status"].split(",")]
        wanted = given.get("custom_fields")
        return asked.page([_with_custom(row, wanted.split(",") if wanted else None) for row in rows], given)

    def search(kind: str):
        given = asked.parameters()
        late = float(g.faults.get("search_delay") or pipedrive.search_delay)
        moment, term = time.monotonic() - late, given["term"].casefold()
        exact = given.get("exact_match") == "true"
        with pipedrive.lock:
            seen = [one for id_, one in pipedrive.records[kind].items() if live(kind, id_) and one.since <= moment]
        fields = given.get("fields", "").split(",")
        texts = {id(one): [text.casefold() for text in _searched(one.row, fields)] for one in seen}
        fitting = [one for one in seen if any(text == term if exact else term in text for text in texts[id(one)])]
        limit = int(given.get("limit") or 100)
        items = [{"result_score": 0.5, "item": _item(kind, one.row)} for one in fitting[:limit]]
        return answered({"items": items}, {"next_cursor": None})

    def change(kind: str, id_: str):
        said = asked.body(shapes.CHANGES[kind])
        with pipedrive.lock:
            kept = live(kind, id_)
            if kept is None:
                raise not_found(kind.removesuffix("s").title())
            _check(pipedrive, kind, said)
            pipedrive.write(kind, kept, said)
            pipedrive.counted[f"{kind} changed"] += 1
        return answered(kept.row)

    for kind in ("persons", "deals"):
        app.add_url_rule(f"/api/v2/{kind}", f"{kind}", lambda kind=kind: of_version_two(kind))
        app.add_url_rule(f"/api/v2/{kind}/search", f"{kind}_search", lambda kind=kind: search(kind))
        app.add_url_rule(
            f"/api/v2/{kind}/<id_>", f"{kind}_change", lambda id_, kind=kind: change(kind, id_), methods=["PATCH"]
        )
    app.add_url_rule("/api/v1/leads/<id_>", "lead_change", lambda id_: change("leads", id_), methods=["PATCH"])

    @app.get("/api/v1/leads")
    def leads():
        given = asked.parameters()
        rows = [row for row in listed("leads") if not row["is_archived"]]
        if "person_id" in given:
            rows = [row for row in rows if str(row["person_id"]) == given["person_id"]]
        return answered(rows[: int(given.get("limit") or 100)])

    @app.get("/api/v1/leads/<id_>")
    def lead(id_: str):
        found = live("leads", id_)
        if found is None:
            raise Refusal(404, "requested lead not found", "Object was not found.")
        return answered(found.row)


def _shown(pipedrive: Pipedrive, filter_id: str, row: Row) -> bool:
    """By a filter. Raises Refusal."""
    if filter_id not in pipedrive.filters:
        raise invalid(f"filter_id: there is no filter {filter_id}")
    its = pipedrive.filters[filter_id]
    return bool({**row, **row["custom_fields"]}.get(its["field"]) == its["value"])


def _with_custom(row: Row, wanted: list[str] | None) -> Row:
    custom = row.get("custom_fields") or {}
    return row | {"custom_fields": {key: custom.get(key) for key in (wanted if wanted is not None else custom)}}


def _searched(row: Row, fields: list[str]) -> list[str]:
    """What a search looks through. Numbers are as people have typed them in."""
    found = [one["value"] for one in row.get("phones") or ()] if "phone" in fields else []
    if "custom_fields" in fields:
        found += [str(value) for value in (row.get("custom_fields") or {}).values() if isinstance(value, str)]
    return found


def _item(kind: str, row: Row) -> Row:
    if kind == "deals":
        return {"id": row["id"], "type": "deal", "title": row["title"], "custom_fields": [], "notes": []}
    phones = [one["value"] for one in row["phones"]]
    return {"id": row["id"], "type": "person", "name": row["name"], "phones": phones, "emails": [], "custom_fields": []}


def _check(pipedrive: Pipedrive, kind: str, said: Mapping[str, Any]) -> None:
    """Raises Refusal for what this company does not have."""
    labels = pipedrive.lead_labels if kind == "leads" else pipedrive.labels
    for one in said.get("label_ids") or ():
        if one not in labels:
            raise invalid(f"label_ids: there is no label {one}")
    if "stage_id" in said and said["stage_id"] not in pipedrive.stages:
        raise invalid(f"stage_id: there is no stage {said['stage_id']}")
    if "owner_id" in said and said["owner_id"] not in pipedrive.users:
        raise invalid(f"owner_id: there is no user {said['owner_id']}")
    for key, value in (said.get("custom_fields") or {}).items():
        known = pipedrive.fields[kind].get(key)
        if known is None:
            raise invalid(f"custom_fields: there is no field {key}")
        options = {one["id"] for one in known["options"] or ()}
        if options and value is not None and value not in options:
            raise invalid(f"custom_fields.{key}: there is no option {value}")
