"""Methods of the telephony: calls that are registered and finished, lines, and the statistics."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from flask import g

from sandbox.bitrix24.account import KINDS, REMEMBERED, TYPES, Activity, Portal, Row
from sandbox.bitrix24.refusals import NOT_FOUND_CALL, core, denied
from sandbox.bitrix24.shapes import PREFIX

KEY = ("PHONE_NUMBER", "TYPE", "USER_ID", "LINE_NUMBER", "EXTERNAL_CALL_ID")
PAGE = 50
ENTITIES = {"LEAD": "leads", "CONTACT": "contacts", "COMPANY": "companies"}


def register(portal: Portal, said: Row) -> Row:
    """The same call again for half an hour, also where it is finished."""
    _active(portal, said)
    if not any(one.isdigit() for one in said["PHONE_NUMBER"]):
        raise core("Unsupported phone number format")
    key = tuple(str(said.get(name) or "") for name in KEY)
    now = portal.now()
    for id_, call in portal.registered.items():
        if call["key"] == key and now - call["at"] < REMEMBERED:
            portal.counted["registered again"] += 1
            return _told(id_, call)
    portal.counted["calls registered"] += 1
    digest = hashlib.md5(str(portal.counted["calls registered"]).encode(), usedforsecurity=False).hexdigest()
    id_ = f"externalCall.{digest[:30]}.{int(now)}"
    shows = (str(said.get("SHOW", 1)), str(said.get("ADD_TO_CHAT", 1)))
    portal.counted["shown to agents"] += "1" in shows
    portal.registered[id_] = {"key": key, "at": now, "said": dict(said), "finished": False}
    return _told(id_, portal.registered[id_])


def _told(id_: str, call: Row) -> Row:
    said = call["said"]
    place = {"CRM_ENTITY_TYPE": said.get("CRM_ENTITY_TYPE"), "CRM_ENTITY_ID": int(said.get("CRM_ENTITY_ID") or 0)}
    return {"CALL_ID": id_, "CRM_CREATED_LEAD": None, "CRM_CREATED_ENTITIES": [], **place}


def finish(portal: Portal, said: Row) -> Row:
    call = portal.registered.get(said["CALL_ID"])
    if call is None or call["finished"]:
        raise core(NOT_FOUND_CALL)
    _active(portal, said)
    code = said.get("STATUS_CODE") or ("200" if int(said.get("DURATION") or 0) else "304")
    if code == portal.unwanted:
        raise core(f"Calls with the code {code} are not wanted here")
    portal.counted["shown to agents"] += str(said.get("ADD_TO_CHAT", 1)) == "1"
    call["finished"] = True
    begun = call["said"]
    row = {
        "ID": str(len(portal.statistics) + 1),
        "CALL_ID": said["CALL_ID"],
        "EXTERNAL_CALL_ID": begun.get("EXTERNAL_CALL_ID"),
        "PORTAL_USER_ID": str(said.get("USER_ID")),
        "PORTAL_NUMBER": begun.get("LINE_NUMBER"),
        "PHONE_NUMBER": begun["PHONE_NUMBER"],
        "CALL_TYPE": str(begun["TYPE"]),
        "CALL_DURATION": str(said.get("DURATION") or 0),
        "CALL_START_DATE": begun.get("CALL_START_DATE") or datetime.now(UTC).isoformat(),
        "CALL_FAILED_CODE": code,
        "CALL_FAILED_REASON": said.get("FAILED_REASON", ""),
        "CRM_ENTITY_TYPE": begun.get("CRM_ENTITY_TYPE"),
        "CRM_ENTITY_ID": begun.get("CRM_ENTITY_ID"),
        "CRM_ACTIVITY_ID": _activity(portal, begun),
    }
    portal.statistics.append(row)
    if row["CRM_ACTIVITY_ID"] is not None:
        portal.activities[int(row["CRM_ACTIVITY_ID"])].call = row
    numbers = ("ID", "PORTAL_USER_ID", "CALL_DURATION", "CRM_ACTIVITY_ID", "CRM_ENTITY_ID")
    typed = {name: int(row[name]) for name in numbers if row[name]}
    return row | typed | {"INCOMING": row["CALL_TYPE"], "CALL_START_DATE": {}, "CALL_STATUS": int(code == "200")}


def _activity(portal: Portal, begun: Row) -> str | None:
    kind = ENTITIES.get(begun.get("CRM_ENTITY_TYPE") or "")
    place = (TYPES[kind], str(begun["CRM_ENTITY_ID"])) if kind else None
    if place is None or "no_activity" in g.faults or place[1] not in portal.records[KINDS[place[0]]]:
        return None
    id_ = portal.next("activities")
    portal.activities[id_] = Activity(id_, {}, [] if "no_link" in g.faults else [place])
    portal.counted["activities made"] += 1
    return str(id_)


def _active(portal: Portal, said: Row) -> None:
    if "USER_ID" in said and int(said["USER_ID"]) not in portal.users:
        raise core("User is not found or is not active")


def lines(portal: Portal, said: Row) -> list[Row]:
    return [{"NUMBER": number, "NAME": number, "CRM_AUTO_CREATE": makes} for number, makes in portal.lines.items()]


def add_line(portal: Portal, said: Row) -> Row:
    portal.lines[said["NUMBER"]] = said.get("CRM_AUTO_CREATE", "Y")
    return {"ID": len(portal.lines)}


def statistics(portal: Portal, said: Row) -> list[Row]:
    """Fifty of them."""
    if not portal.sees_statistics:
        raise denied()
    rows = [
        row for row in portal.statistics if all(_fits(row, key, one) for key, one in said.get("FILTER", {}).items())
    ]
    rows.sort(key=lambda row: int(row["ID"]), reverse=said.get("ORDER") == "DESC")
    begin = int(said.get("start") or 0)
    return rows[begin : begin + PAGE]


def _fits(row: Row, key: str, wanted: Any) -> bool:
    prefix = PREFIX.match(key).group()  # type: ignore[union-attr]
    value = str(row.get(key[len(prefix) :]) or "")
    return str(wanted) in value if prefix == "%" else value == str(wanted)


METHODS = {
    "telephony.externalCall.register": register,
    "telephony.externalCall.finish": finish,
    "telephony.externalLine.get": lines,
    "telephony.externalLine.add": add_line,
    "voximplant.statistic.get": statistics,
}
