"""Routes of call logs and of the activities that they are."""

import hashlib
from collections.abc import Mapping
from typing import Any

from flask import Flask, g

from sandbox.pipedrive import asked, shapes
from sandbox.pipedrive.account import Pipedrive, Row, now
from sandbox.pipedrive.asked import answered
from sandbox.pipedrive.refusals import gone, invalid, not_allowed, not_found

LINKS = {"person_id": "persons", "deal_id": "deals", "lead_id": "leads"}


def install(app: Flask, pipedrive: Pipedrive) -> None:
    @app.post("/api/v1/callLogs")
    def add_log():
        said = asked.body(shapes.call_log)
        with pipedrive.lock:
            for name in [*pipedrive.required, *([g.faults["required_field"]] if "required_field" in g.faults else [])]:
                if name not in said:
                    raise invalid(f'"{name}" is required.')
            if said["outcome"] == pipedrive.unwanted:
                raise invalid('"org_id" is required.')
            user = said.get("user_id", g.user.id)
            if user != g.user.id and not g.user.admin:
                raise not_allowed()
            if user not in pipedrive.users:
                raise invalid(f"there is no user {user}")
            activity = _activity(pipedrive, said, user)
            pipedrive.counted["call logs made"] += 1
            if any(log["activity_id"] == activity["id"] for log in pipedrive.logs.values()):
                pipedrive.counted["second call logs of an activity"] += 1
            number = str(pipedrive.counted["call logs made"]).encode()
            id_ = "CA" + hashlib.md5(number, usedforsecurity=False).hexdigest()[:27]
            log = {"has_recording": False, **said, "id": id_, "activity_id": activity["id"], "user_id": user}
            log |= {"company_id": pipedrive.company_id, "note": said.get("note")}
            log |= {name: _shown(said[name]) for name in ("start_time", "end_time")}
            pipedrive.logs[id_] = log
        return answered(None if "not_told" in g.faults else log)

    @app.get("/api/v1/callLogs")
    def logs():
        given = asked.parameters()
        start, limit = int(given.get("start") or 0), int(given.get("limit") or 50)
        with pipedrive.lock:
            own = [log for log in reversed(pipedrive.logs.values()) if log["user_id"] == g.user.id]
        more = len(own) > start + limit
        paging = {"start": start, "limit": limit, "more_items_in_collection": more, "next_start": start + limit}
        return answered(own[start : start + limit] or None, {"pagination": paging})

    @app.get("/api/v1/callLogs/<id_>")
    def one_log(id_: str):
        return answered(_log(pipedrive, id_))

    @app.delete("/api/v1/callLogs/<id_>")
    def delete_log(id_: str):
        with pipedrive.lock:
            _log(pipedrive, id_)
            del pipedrive.logs[id_]
            pipedrive.gone_logs.add(id_)
            pipedrive.counted["call logs deleted"] += 1
        return answered(None)

    @app.get("/api/v2/activities")
    def activities():
        given = asked.parameters()
        wanted = set(given["ids"].split(",")) if "ids" in given else None
        with pipedrive.lock:
            rows = [row for row in pipedrive.activities.values() if not row["is_deleted"]]
        rows = [row for row in rows if wanted is None or str(row["id"]) in wanted]
        for name in ("person_id", "deal_id", "lead_id", "owner_id"):
            rows = [row for row in rows if name not in given or str(row[name]) == given[name]]
        if since := given.get("updated_since"):
            rows = [row for row in rows if row["update_time"] >= since]
        rows.sort(key=lambda row: row[given.get("sort_by", "id")], reverse=given.get("sort_direction") == "desc")
        return asked.page(rows, given)

    @app.get("/api/v2/activities/<int:id_>")
    def one_activity(id_: int):
        with pipedrive.lock:
            return answered(_live(pipedrive, id_))

    @app.patch("/api/v2/activities/<int:id_>")
    def change_activity(id_: int):
        said = asked.body(shapes.ACTIVITY)
        with pipedrive.lock:
            row = _live(pipedrive, id_)
            _check_links(pipedrive, said)
            pipedrive.write_activity(row, said)
            pipedrive.counted["activities changed"] += 1
        return answered(row)

    @app.delete("/api/v2/activities/<int:id_>")
    def delete_activity(id_: int):
        with pipedrive.lock:
            row = _live(pipedrive, id_)
            pipedrive.write_activity(row, {"is_deleted": True})
            pipedrive.counted["activities deleted"] += 1
        return answered({"id": id_})


def _activity(pipedrive: Pipedrive, said: Mapping[str, Any], user: int) -> Row:
    """The activity that the call log is: a new one, or the one that it names."""
    note = None if "no_note" in g.faults else said.get("note")
    if "activity_id" in said:
        row = _live(pipedrive, said["activity_id"])
        pipedrive.write_activity(row, {"subject": said.get("subject", row["subject"]), "note": note, "done": True})
        return row
    _check_links(pipedrive, said)
    row = {
        "id": pipedrive.next_activity(),
        "subject": said.get("subject") or "Call",
        "type": "call",
        "owner_id": user,
        "creator_user_id": g.user.id,
        "is_deleted": False,
        "add_time": now(),
        "update_time": now(),
        "due_date": said["start_time"][:10],
        "done": True,
        **{name: None if "no_link" in g.faults else said.get(name) for name in LINKS},
    }
    pipedrive.write_activity(row, {"note": note})
    pipedrive.activities[row["id"]] = row
    pipedrive.counted["activities made"] += 1
    return row


def _check_links(pipedrive: Pipedrive, said: Mapping[str, Any]) -> None:
    for name, kind in LINKS.items():
        if said.get(name) is not None and pipedrive.live(kind, said[name], g.faults.get("deleted")) is None:
            raise not_found()


def _live(pipedrive: Pipedrive, id_: int) -> Row:
    row = pipedrive.activities.get(id_)
    if row is None or row["is_deleted"]:
        raise not_found("Activity")
    return row


def _log(pipedrive: Pipedrive, id_: str) -> Row:
    if id_ in pipedrive.gone_logs:
        raise gone()
    if id_ not in pipedrive.logs:
        raise not_found()
    return pipedrive.logs[id_]


def _shown(naive: str) -> str:
    """Times are answered otherwise than they are given."""
    return naive.replace(" ", "T") + ".000Z"
