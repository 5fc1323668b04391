"""Methods of records: found, read and changed; and of what stands beside them."""

import time
from typing import Any

from flask import g

from sandbox.bitrix24.account import KINDS, Kept, Portal, Row
from sandbox.bitrix24.refusals import Refusal, invalid, not_found
from sandbox.bitrix24.shapes import PREFIX

PAGE = 50
ENTITIES = {"LEAD": "leads", "CONTACT": "contacts", "COMPANY": "companies"}


def _kind(said: Row) -> str:
    kind = KINDS.get(int(said["entityTypeId"]))
    if kind is None:
        raise not_found()
    return kind


def item_list(portal: Portal, said: Row) -> Row:
    kind = _kind(said)
    known = {*portal.fields[kind], "id"}
    for key in said.get("filter", {}):
        name = PREFIX.sub("", key)
        if name not in known:
            raise Refusal(400, "INVALID_ARG_VALUE", f"Invalid filter: field '{name}' is not allowed in filter")
    there = [one for id_, one in portal.records[kind].items() if portal.live(kind, id_, g.faults.get("deleted"))]
    some = [one for one in there if all(_fits(one.row, key, value) for key, value in said.get("filter", {}).items())]
    if "order" in said:
        some.sort(key=lambda one: int(one.row["id"]))
    begin = int(said.get("start") or 0)
    return {"items": [_shown(one, said.get("select") or ["*"]) for one in some[begin : begin + PAGE]]}


def _fits(row: Row, key: str, wanted: Any) -> bool:
    """Fields of one's own that are ticked are filtered by 1 or 0 alone."""
    there = row.get(PREFIX.sub("", key))
    if key.startswith(">"):
        return int(there or 0) > int(wanted)
    if key.lstrip("=").startswith("uf") and there in ("Y", "N"):
        return str(wanted) == ("1" if there == "Y" else "0")
    value = "" if there is None else str(there)
    return value in [str(one) for one in wanted] if key.startswith("@") else value == str(wanted)


def _shown(one: Kept, select: list[str]) -> Row:
    if "*" in select:
        phones = [{"valueType": "WORK", "value": number, "typeId": "PHONE"} for number in one.numbers]
        return one.row | {"fm": phones}
    return {name: one.row.get(name) for name in select if name in one.row}


def update(portal: Portal, said: Row) -> Row:
    """What it does not know it passes over."""
    kind = _kind(said)
    kept = portal.live(kind, said["id"], g.faults.get("deleted"))
    if kept is None:
        raise not_found()
    known = portal.fields[kind]
    given = {name: value for name, value in said["fields"].items() if name in known and not known[name]["isReadOnly"]}
    for name, value in given.items():
        _check(portal, kind, kept, name, value, given)
        if known[name]["type"] in ("integer", "user", "crm_category", "crm_contact", "crm_company"):
            given[name] = int(value or 0)
    portal.write(kept, given)
    portal.counted[f"{kind} changed"] += 1
    return {"item": kept.row | {"entityTypeId": int(said["entityTypeId"])}}


def _check(portal: Portal, kind: str, kept: Kept, name: str, value: Any, given: Row) -> None:
    row = portal.fields[kind][name]
    if name == "stageId":
        category = str(given.get("categoryId", kept.row.get("categoryId") or 0))
        list_ = "STATUS" if kind == "leads" else "DEAL_STAGE" + (f"_{category}" if category != "0" else "")
        if value not in portal.stages[list_]:
            raise invalid(name)
    if "items" in row and value and str(value) not in [one["ID"] for one in row["items"]]:
        raise invalid(name)


def fields(portal: Portal, said: Row) -> Row:
    return {"fields": portal.fields[_kind(said)]}


def statuses(portal: Portal, said: Row) -> list[Row]:
    return [
        {"ENTITY_ID": list_, "STATUS_ID": id_, "NAME": name, "SORT": str(10 * at)}
        for list_, some in portal.stages.items()
        for at, (id_, name) in enumerate(some.items(), 1)
    ]


def find(portal: Portal, said: Row) -> Any:
    """By numbers, whatever stands between their digits."""
    moment = time.monotonic() - float(g.faults.get("search_delay") or portal.search_delay)
    wanted = {_digits(one) for one in said["values"]}
    found: dict[str, list[int]] = {}
    for word, kind in ENTITIES.items():
        if said.get("entity_type", word) != word:
            continue
        some = [
            int(id_)
            for id_, one in portal.records[kind].items()
            if one.since <= moment
            and portal.live(kind, id_, g.faults.get("deleted"))
            and wanted & {_digits(number) for number in one.numbers}
        ]
        found |= {word: some[:20]} if some else {}
    return found or []


def _digits(text: str) -> str:
    return "".join(one for one in text if one.isdigit())


def profile(portal: Portal, said: Row) -> Row:
    return {"ID": "1", "ADMIN": True, "NAME": "Ada", "LAST_NAME": "Admin", "TIME_ZONE": ""}


def users(portal: Portal, said: Row) -> list[Row]:
    some = [{"ID": str(id_), "ACTIVE": True, "EMAIL": email} for id_, email in portal.users.items()]
    begin = int(said.get("start") or 0)
    return some[begin : begin + PAGE]


METHODS = {
    "crm.item.list": item_list,
    "crm.item.update": update,
    "crm.item.fields": fields,
    "crm.status.list": statuses,
    "crm.duplicate.findbycomm": find,
    "profile": profile,
    "user.get": users,
}
