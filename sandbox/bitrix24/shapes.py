"""What Bitrix24's requests look like: the parameters of each method, written from the vendor's description.

What a value *means* in an account (a stage, a record, a user) is not looked at here. In a batch everything is a text, so numbers
may be written as such.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.shapes import Check, Wrong, filled, listed, members, one_of, shaped, text

CODES = ("200", "304", "603", "603-S", "403", "404", "486", "484", "503", "480", "402", "423", "OTHER")
PREFIX = re.compile(r"^(?:!@|>=|<=|!=%|!%=|=%|%=|!=|!%|[@%<>=!?])?")


def whole(value: Any, at: str) -> None:
    if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]+", str(value)):
        raise Wrong(f"{at} must be a whole number")


def truth(value: Any, at: str) -> None:
    if str(value) not in ("0", "1"):
        raise Wrong(f"{at} must be 0 or 1")


def halt(value: Any, at: str) -> None:
    if value not in (0, 1):
        raise Wrong(f"{at} must be true or false")


def type_of_call(value: Any, at: str) -> None:
    one_of("1", "2", "3", "4", "5")(str(value), at)


def when(value: Any, at: str) -> None:
    try:
        if datetime.fromisoformat(value).tzinfo is None:
            raise ValueError
    except (TypeError, ValueError):
        raise Wrong(f"{at} must be a time in ISO 8601 with its zone") from None


def names(value: Any, at: str) -> None:
    listed(filled)(value, at)
    if "fm" in value:
        raise Wrong(f"{at}: fm cannot be asked for by name")


def filtered(*known: str) -> Check:
    """``known``: names of what may be filtered by; all where there is none."""

    def check(value: Any, at: str) -> None:
        members(value, at)
        for key, one in value.items():
            name = key[len(PREFIX.match(key).group()) :]  # type: ignore[union-attr]
            if known and name not in known:
                raise Wrong(f"{at}: there is no {name} to filter by")
            if key.startswith("@") and not isinstance(one, list):
                raise Wrong(f"{at}.{key} must be a list")

    return check


def ordered(*known: str) -> Check:
    def check(value: Any, at: str) -> None:
        members(value, at)
        for name, one in value.items():
            if (known and name not in known) or str(one).upper() not in ("ASC", "DESC"):
                raise Wrong(f"{at}: {name} must be ASC or DESC")

    return check


def _user(check: Check) -> Check:
    def checked(value: Any, at: str) -> None:
        check(value, at)
        if "USER_ID" not in value and "USER_PHONE_INNER" not in value:
            raise Wrong("USER_ID or USER_PHONE_INNER should be set")

    return checked


_NOTE: Mapping[str, Check] = {
    "ownerTypeId": whole,
    "ownerId": whole,
    "itemType": whole,
    "itemId": whole,
}
_STATISTIC = (
    *("ID", "CALL_ID", "EXTERNAL_CALL_ID", "CALL_CATEGORY", "PORTAL_USER_ID", "PORTAL_NUMBER", "PHONE_NUMBER"),
    *("CALL_TYPE", "CALL_DURATION", "CALL_START_DATE", "CRM_ENTITY_TYPE", "CRM_ENTITY_ID", "CRM_ACTIVITY_ID"),
)
_YES_NO = one_of("Y", "N")
_COMMENT: Check = shaped(
    {"ENTITY_ID": whole, "ENTITY_TYPE": one_of("lead", "deal", "contact", "company"), "COMMENT": filled}
)
METHODS: Mapping[str, Check] = {
    "profile": shaped({}),
    "user.get": shaped({}, {"sort": text, "order": text, "FILTER": members, "select": names, "start": whole}),
    "crm.status.list": shaped({}, {"order": members, "filter": members}),
    "crm.item.fields": shaped({"entityTypeId": whole}, {"useOriginalUfNames": _YES_NO}),
    "crm.item.list": shaped(
        {"entityTypeId": whole},
        {
            "select": names,
            "filter": filtered(),
            "order": ordered(),
            "start": whole,
            "useOriginalUfNames": _YES_NO,
        },
    ),
    "crm.item.update": shaped({"entityTypeId": whole, "id": whole, "fields": members}, {"useOriginalUfNames": _YES_NO}),
    "crm.duplicate.findbycomm": shaped(
        {"type": one_of("PHONE", "EMAIL"), "values": listed(filled, most=20, least=1)},
        {"entity_type": one_of("LEAD", "CONTACT", "COMPANY")},
    ),
    "crm.activity.binding.list": shaped({"activityId": whole}),
    "crm.activity.binding.add": shaped({"activityId": whole, "entityTypeId": whole, "entityId": whole}),
    "crm.activity.delete": shaped({"id": whole}),
    "crm.timeline.note.save": shaped({**_NOTE, "text": filled}),
    "crm.timeline.note.get": shaped(_NOTE),
    "crm.timeline.comment.add": shaped({"fields": _COMMENT}),
    "crm.timeline.comment.update": shaped(
        {"id": whole, "fields": shaped({}, {"COMMENT": filled})}, {"ownerTypeId": whole, "ownerId": whole}
    ),
    "crm.timeline.comment.get": shaped({"id": whole}),
    "crm.timeline.comment.delete": shaped({"id": whole}, {"ownerTypeId": whole, "ownerId": whole}),
    "crm.timeline.comment.list": shaped(
        {"filter": shaped({"ENTITY_ID": whole, "ENTITY_TYPE": filled})},
        {"select": names, "order": ordered("ID", "CREATED", "AUTHOR_ID"), "start": whole},
    ),
    "telephony.externalCall.register": _user(
        shaped(
            {"PHONE_NUMBER": filled, "TYPE": type_of_call},
            {
                "USER_ID": whole,
                "USER_PHONE_INNER": text,
                "CALL_START_DATE": when,
                "CRM_CREATE": truth,
                "CRM_SOURCE": text,
                "CRM_ENTITY_TYPE": one_of("CONTACT", "COMPANY", "LEAD"),
                "CRM_ENTITY_ID": whole,
                "SHOW": truth,
                "ADD_TO_CHAT": truth,
                "CALL_LIST_ID": whole,
                "LINE_NUMBER": text,
                "EXTERNAL_CALL_ID": text,
            },
        )
    ),
    "telephony.externalCall.finish": _user(
        shaped(
            {"CALL_ID": filled},
            {
                "USER_ID": whole,
                "USER_PHONE_INNER": text,
                "DURATION": whole,
                "STATUS_CODE": one_of(*CODES),
                "FAILED_REASON": text,
                "VOTE": whole,
                "ADD_TO_CHAT": truth,
            },
        )
    ),
    "telephony.externalLine.get": shaped({}),
    "telephony.externalLine.add": shaped({"NUMBER": filled}, {"NAME": text, "CRM_AUTO_CREATE": _YES_NO}),
    "voximplant.statistic.get": shaped(
        {},
        {"FILTER": filtered(*_STATISTIC), "SORT": one_of(*_STATISTIC), "ORDER": one_of("ASC", "DESC"), "start": whole},
    ),
}
BATCH: Check = shaped({"cmd": members}, {"halt": halt})
APP_ONLY = (
    "telephony.externalCall.register",
    "telephony.externalCall.finish",
    "telephony.externalLine.get",
    "telephony.externalLine.add",
)
