"""Routes of leads, contacts and calls: made, read, searched, changed, deleted."""

import time
from collections.abc import Mapping
from typing import Any

from flask import Flask, g

from sandbox.zoho import asked, searching, shapes
from sandbox.zoho.account import CALLS, CONTACTS, Kept, Row, Zoho, place
from sandbox.zoho.refusals import Refusal, error, wrong

NEEDED = {"Leads": ("Last_Name",), CONTACTS: ("Last_Name",), CALLS: ("Subject", "Call_Type", "Call_Start_Time")}
FIXED = ("Call_Type", "Call_Start_Time", "Owner")  # of a call that is over


def install(app: Flask, zoho: Zoho) -> None:
    def live(module: str, id_: Any) -> Kept | None:
        return zoho.live(module, id_, g.faults.get("deleted"))

    def rows_of(module: str) -> list[Kept]:
        with zoho.lock:
            return [kept for id_, kept in zoho.records[module].items() if live(module, id_) is not None]

    def create(module: str):
        said = asked.body(shapes.records(module, "POST"))
        with zoho.lock:
            if module == CALLS and "workflow" in said["trigger"]:
                zoho.counted["workflows run"] += len(said["data"])
            found = [_struck(at) or _created(zoho, module, one, at) for at, one in enumerate(said["data"])]
        return asked.results(found, 201)

    def update(module: str):
        said = asked.body(shapes.records(module, "PUT"))
        with zoho.lock:
            found = [_struck(at) or _updated(zoho, module, one, at) for at, one in enumerate(said["data"])]
        return asked.results(found, 200)

    def delete(module: str):
        given = asked.parameters("delete")
        found = []
        for id_ in given["ids"].split(","):
            if zoho.delete(module, id_):
                zoho.counted[f"{module} deleted"] += 1
                found.append(_success("record deleted", {"id": id_}))
            else:
                found.append(error("INVALID_DATA", "record not deleted", {"id": id_}))
        return asked.results(found, 200)

    def read(module: str):
        given = asked.parameters("records")
        rows = rows_of(module)
        if "ids" in given:
            there = {str(kept.row["id"]) for kept in rows}
            if "ids_refused" in g.faults and not set(given["ids"].split(",")) <= there:
                raise Refusal(400, "INVALID_DATA", "the id given seems to be invalid", {"param_name": "ids"})
            rows = [kept for kept in rows if str(kept.row["id"]) in given["ids"].split(",")]
        by = given.get("sort_by", "id")
        rows.sort(key=lambda kept: str(kept.row[by]), reverse=given.get("sort_order", "desc") == "desc")
        hidden = [*zoho.unique_fields(module), "Description"] if "marks_hidden" in g.faults else []
        shown = ({name: value for name, value in kept.row.items() if name not in hidden} for kept in rows)
        return asked.page([_shown(row, given) for row in shown], given)

    def search(module: str):
        given = asked.parameters("search")
        late = float(g.faults.get("search_delay") or zoho.search_delay)
        moment = time.monotonic() - late
        seen = [kept for kept in rows_of(module) if kept.since <= moment]
        if "phone" in given:
            phones = [name for name, one in zoho.fields[module].items() if one["data_type"] == "phone"]
            seen = [kept for kept in seen if searching.by_number(kept.row, phones, given["phone"])]
        elif "criteria" in given:
            fits = searching.criteria(given["criteria"])
            seen = [kept for kept in seen if fits(kept.row)]
        else:
            raise wrong("this search is not played")
        return asked.page([_shown(kept.row, given) for kept in seen], given)

    for module in zoho.records:
        for verb, act in (("POST", create), ("PUT", update), ("DELETE", delete), ("GET", read)):
            name, what = f"/crm/v8/{module}", f"{module} {verb}"
            app.add_url_rule(name, what, lambda act=act, module=module: act(module), methods=[verb])
        app.add_url_rule(f"/crm/v8/{module}/search", f"{module} search", lambda module=module: search(module))


def _struck(at: int) -> Row | None:
    if "partial" in g.faults and at % 2:
        return error(str(g.faults["partial"] or "INTERNAL_ERROR"), "Internal server error occurred.")
    return None


def _success(message: str, details: Mapping[str, Any]) -> Row:
    return {"code": "SUCCESS", "details": dict(details), "message": message, "status": "success"}


def _created(zoho: Zoho, module: str, given: Mapping[str, Any], at: int) -> Row:
    refused = _refused(zoho, module, given, None, at)
    if refused is not None:
        zoho.counted["refused"] += 1
        return refused
    row = {"Owner": zoho.owner(), **_kept(zoho, module, given)}
    if module == CALLS:
        row["Call_Duration_in_seconds"] = zoho.seconds(row.get("Call_Duration"))
        if "no_link" in g.faults:
            row |= {"Who_Id": None, "What_Id": None}
    kept = zoho.make(module, row)
    kept.writes.append(row)
    zoho.counted[f"{module} made"] += 1
    return _success("record added", {"id": kept.row["id"], "Created_Time": kept.row["Created_Time"]})


def _updated(zoho: Zoho, module: str, given: Mapping[str, Any], at: int) -> Row:
    kept = zoho.live(module, given["id"], g.faults.get("deleted"))
    if kept is None:
        details = {"api_name": "id", "json_path": f"$.data[{at}].id"}
        return error("INVALID_DATA", "the id given seems to be invalid", details)
    refused = _refused(zoho, module, given, kept, at)
    if refused is not None:
        zoho.counted["refused"] += 1
        return refused
    zoho.write(kept, _kept(zoho, module, given))
    if module == CALLS:
        kept.row["Call_Duration_in_seconds"] = zoho.seconds(kept.row.get("Call_Duration"))
    zoho.counted[f"{module} changed"] += 1
    return _success("record updated", {"id": kept.row["id"], "Modified_Time": kept.row["Modified_Time"]})


def _kept(zoho: Zoho, module: str, given: Mapping[str, Any]) -> Row:
    """Without what the module does not have, which is dropped without a word."""
    return {name: value for name, value in given.items() if name in zoho.fields[module]}


def _refused(zoho: Zoho, module: str, given: Mapping[str, Any], kept: Kept | None, at: int) -> Row | None:
    """Why this account does not take the record."""

    def about(name: str) -> Row:
        return {"api_name": name, "json_path": f"$.data[{at}].{name}"}

    if kept is None:
        needed = [*NEEDED[module], *([g.faults["required_field"]] if "required_field" in g.faults else [])]
        if module == CALLS and given.get("Call_Type") != "Missed":
            needed.append("Call_Duration")
        missing = next((name for name in needed if not given.get(name)), None)
        if missing is not None:
            return error("MANDATORY_NOT_FOUND", "required field not found", about(missing))
    for name in zoho.unique_fields(module):
        holder = zoho.holder(module, name, given.get(name), None if kept is None else str(kept.row["id"]))
        if holder is not None:
            other = {"id": holder.row["id"], "Owner": holder.row.get("Owner"), "module": {"api_name": module}}
            more = {} if "nameless_duplicate" in g.faults else {"duplicate_record": other}
            return error("DUPLICATE_DATA", "duplicate data", about(name) | more)
    if "Owner" in given and given["Owner"]["id"] not in zoho.users:
        return error("INVALID_DATA", "the id given seems to be invalid", about("Owner"))
    return _refused_call(zoho, given, kept, about) if module == CALLS else None


def _refused_call(zoho: Zoho, given: Mapping[str, Any], kept: Kept | None, about: Any) -> Row | None:
    if zoho.seconds(given.get("Call_Duration")) == 0:
        return error("DEPENDENT_MISMATCH", "Call Duration can not be zero.", about("Call_Duration"))
    for name, module in (("Who_Id", CONTACTS), ("What_Id", str(given.get("$se_module")))):
        id_ = place(given, name)
        if id_ is not None and zoho.live(module, id_, g.faults.get("deleted")) is None:
            return error("INVALID_DATA", "the id given seems to be invalid", about(name))
    if kept is not None:
        changed = next((name for name in FIXED if name in given and given[name] != kept.row.get(name)), None)
        if changed is not None:
            return error("INVALID_DATA", "invalid data", about(changed))
    if zoho.unwanted is not None and zoho.unwanted in str(given.get("Description")):
        return error("MANDATORY_NOT_FOUND", "required field not found", about("Call_Purpose"))
    return None


def _shown(row: Row, given: Mapping[str, str]) -> Row:
    wanted = given["fields"].split(",") if "fields" in given else list(row)
    return {name: row.get(name) for name in wanted if name in row} | {"id": row["id"]}
