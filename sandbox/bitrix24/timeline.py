"""Methods of the timeline: activities, their notes, and comments."""

from typing import Any

from flask import g

from sandbox.bitrix24.account import KINDS, WORDS, Activity, Comment, Portal, Row
from sandbox.bitrix24.refusals import Refusal, not_found

PAGE = 50


def bindings(portal: Portal, said: Row) -> list[Row]:
    one = _live(portal, said["activityId"])
    return [{"entityTypeId": type_, "entityId": int(id_)} for type_, id_ in one.places]


def bind(portal: Portal, said: Row) -> bool:
    one = _live(portal, said["activityId"])
    place = (int(said["entityTypeId"]), str(said["entityId"]))
    _there(portal, place)
    if place in one.places:
        raise Refusal(400, "ACTIVITY_IS_ALREADY_BOUND", "The activity is already bound to it")
    one.places.append(place)
    portal.counted["activities bound"] += 1
    return True


def delete_activity(portal: Portal, said: Row) -> bool:
    one = portal.activities.get(int(said["id"]))
    if one is None or not one.live:
        raise Refusal(400, "", "Activity is not found")
    one.live = False
    portal.counted["activities deleted"] += 1
    return True


def save_note(portal: Portal, said: Row) -> bool:
    one = _noted(portal, said)
    if "no_note" in g.faults:
        raise Refusal(400, "0", "Something went wrong")
    one.notes.append(said["text"])
    return True


def get_note(portal: Portal, said: Row) -> Row:
    one = _noted(portal, said)
    if not one.notes:
        raise not_found()
    return {"text": one.notes[-1], "createdById": 1, "updatedById": 1}


def _noted(portal: Portal, said: Row) -> Activity:
    one = _live(portal, said["itemId"])
    if one.places and (int(said["ownerTypeId"]), str(said["ownerId"])) not in one.places:
        raise not_found()
    return one


def _live(portal: Portal, id_: Any) -> Activity:
    one = portal.activities.get(int(id_))
    if one is None or not one.live:
        raise not_found()
    return one


def add_comment(portal: Portal, said: Row) -> int:
    fields = said["fields"]
    place = (WORDS[fields["ENTITY_TYPE"]], str(fields["ENTITY_ID"]))
    _there(portal, place)
    id_ = portal.next("activities")
    portal.comments[id_] = Comment(id_, place, [fields["COMMENT"]])
    portal.counted["comments made"] += 1
    return id_


def _there(portal: Portal, place: tuple[int, str]) -> None:
    if portal.live(KINDS[place[0]], place[1], g.faults.get("deleted")) is None:
        raise Refusal(400, "OWNER_NOT_FOUND", "Owner is not found")


def update_comment(portal: Portal, said: Row) -> int:
    one = _comment(portal, said["id"])
    one.texts.append(said["fields"]["COMMENT"])
    return one.id


def get_comment(portal: Portal, said: Row) -> Row:
    return _shown(_comment(portal, said["id"]))


def delete_comment(portal: Portal, said: Row) -> None:
    _comment(portal, said["id"]).live = False


def comments(portal: Portal, said: Row) -> list[Row]:
    place = (WORDS[said["filter"]["ENTITY_TYPE"]], str(said["filter"]["ENTITY_ID"]))
    some = [one for one in portal.comments.values() if one.live and one.place == place]
    some.sort(key=lambda one: one.id, reverse=str(said.get("order", {}).get("ID", "ASC")).upper() == "DESC")
    begin = int(said.get("start") or 0)
    return [_shown(one) for one in some[begin : begin + PAGE]]


def _comment(portal: Portal, id_: Any) -> Comment:
    one = portal.comments.get(int(id_))
    if one is None or not one.live:
        raise not_found()
    return one


def _shown(one: Comment) -> Row:
    word = next(word for word, type_ in WORDS.items() if type_ == one.place[0])
    return {"ID": str(one.id), "ENTITY_ID": one.place[1], "ENTITY_TYPE": word, "COMMENT": one.texts[-1], "FILES": {}}


METHODS = {
    "crm.activity.binding.list": bindings,
    "crm.activity.binding.add": bind,
    "crm.activity.delete": delete_activity,
    "crm.timeline.note.save": save_note,
    "crm.timeline.note.get": get_note,
    "crm.timeline.comment.add": add_comment,
    "crm.timeline.comment.update": update_comment,
    "crm.timeline.comment.get": get_comment,
    "crm.timeline.comment.delete": delete_comment,
    "crm.timeline.comment.list": comments,
}
