"""Parameters: strict. An unknown name, a value given twice or one that cannot be used is a 422 that names it.

A filter that is silently ignored answers with numbers that are too large, and nobody sees it.
"""

from codecs import BOM_UTF8
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from flask import Request
from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate
from webargs.core import missing
from webargs.fields import DelimitedFieldMixin
from webargs.flaskparser import FlaskParser
from webargs.multidictproxy import MultiDictProxy

from dialers.registry import DIALERS
from dialers.vocabulary import ANSWERED_BY, CONNECT_OUTCOMES, FLAGS, SETTLINGS
from lib import clock, zones
from lib import text as texts
from lib.whole_numbers import Whole
from lib.zones import NOWHERE, Locale
from outcomes import undecided
from queries import selection
from queries.views import reading
from web import limits, opening
from web.context import context

UNSTORABLE = "Holds a character that nothing holds: NUL, or half of one."


class Parser(FlaskParser):
    """webargs, with the silent forgiveness taken out."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"query": RAISE, "json": RAISE}

    def _raw_load_json(self, req: Request) -> Any:
        """A JSON body, of whatever type it is said to be: who names none, or a form's as curl does by itself, means JSON all the
        same, and passed over it would be without a word. Strictly: no half characters, no NaN, no number beyond all measure,
        nested 1,024 times at most. Python's own parser takes the first three, and dies of what is nested deeper."""
        data = req.get_data().removeprefix(BOM_UTF8)
        if not data:
            return missing
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError as error:
            self._handle_invalid_json_error(error, req)

    def load_json(self, req: Request, schema: Schema) -> Any:
        found = super().load_json(req, schema)
        if isinstance(found, dict) and (wrong := [name for name, value in found.items() if not storable(value)]):
            raise ValidationError({name: [UNSTORABLE] for name in wrong})
        return found

    def load_querystring(self, req: Request, schema: Schema) -> MultiDictProxy:
        found = super().load_querystring(req, schema)
        wrong = [name for name, values in req.args.lists() if name in schema.fields and not storable(values)]
        if wrong:
            raise ValidationError({name: [UNSTORABLE] for name in wrong})
        twice = [name for name, values in req.args.lists() if len(values) > 1 and not _takes_many(schema, name)]
        if twice:
            raise ValidationError({name: ["May be given only once."] for name in twice})
        return opening.without_row(req, schema, found)


def storable(value: Any) -> bool:
    """Whether every text within the value is one that a database can hold; what it cannot hold, nothing there can be."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str) and not texts.storable(one):
            return False
    return True


def _takes_many(schema: Schema, name: str) -> bool:
    """Not one whose values are separated by commas: the second would be passed over."""
    field = schema.fields.get(name)
    return field is None or (isinstance(field, fields.List) and not isinstance(field, DelimitedFieldMixin))


class MomentField(fields.DateTime):
    """A time, in any form in which a dialer's is read: ISO 8601 before all. Without a zone it is one of ``tz``, where there is
    such a parameter, else UTC. A date alone is its first moment. 1990 to 2199."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        zone = (data or {}).get("tz") if isinstance(self.parent, Schema) and "tz" in self.parent.fields else None
        locale = Locale(zones.named(zone)) if isinstance(zone, str) else NOWHERE
        moment = clock.parse(reading.LOST_PLUS.sub(r"\1+", str(value).strip()), locale)
        if moment is None:
            raise ValidationError(
                "Not a time that can be used; write it as 2026-11-18T10:12:52Z, in the years 1990 to 2199."
            )
        return moment


def any_of(description: str, example: str, choices: tuple[str, ...] = ()) -> fields.List:
    """A filter that may be given several times; any of its values may match."""
    check = validate.OneOf(choices) if choices else validate.Length(1, 500)
    return fields.List(
        fields.Str(validate=check),
        validate=validate.Length(max=100),
        metadata={"description": description, "example": [example]},
    )


def moment(description: str) -> MomentField:
    return MomentField(metadata={"description": description, "example": "2026-11-18T00:00:00Z"})


def limit(default: int) -> Whole:
    return Whole(
        load_default=default,
        validate=validate.Range(1, 1000),
        metadata={"description": "How many at most.", "example": default},
    )


def cursor(description: str = "`next` of the page before; without it, the first page.") -> fields.Str:
    return fields.Str(metadata={"description": description, "format": "cursor"})


class OfConnections(Schema):
    """What is asked of connections: of no more than the key may see."""

    @post_load
    def within_limits(self, query: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return limits.narrowed(query)


class Filters(Schema):
    """The filters of outcomes, the same for list, report and export."""

    connection = any_of("The connection's name.", "ryng-main")
    dialer = any_of("The dialer.", "ryng", tuple(DIALERS))
    campaign_id = any_of("The dialer's id of the campaign.", "6541")
    campaign_name = any_of("The campaign's name, exactly.", "Renewals November")
    agent = any_of("The agent's id, user name, e-mail address, name, number or extension, exactly.", "priya")
    number = any_of(
        "The customer's number: E.164, its digits, as people dial it in a connection's country, or as the dialer wrote it.",
        "+919812345678",
    )
    lead_id = any_of("The dialer's id of the lead.", "88213")
    crm_reference = any_of("The CRM's own key, exactly.", "00Q5g00000ABCDE")
    connect_outcome = any_of("The technical result.", "connected", CONNECT_OUTCOMES)
    answered_by = any_of("Who or what answered.", "human", ANSWERED_BY)
    disposition = any_of("What the agent recorded, exactly.", "Interested")
    flag = any_of("A flag that the disposition is mapped to.", "sale", FLAGS)
    settling = any_of("What is still waited for: `settled` and `never_disposed`, nothing.", "settled", SETTLINGS)
    unmapped = fields.List(
        fields.Str(
            validate=validate.Regexp(
                rf"^({'|'.join(undecided.FIELDS)}):[\s\S]{{1,2000}}$",
                error=f"Write it as FIELD:WORD, with one of {', '.join(undecided.FIELDS)}.",
            )
        ),
        validate=validate.Length(max=100),
        metadata={
            "description": "Calls that are counted under a word of `unmapped_words`: its field, a colon, and the word as it is "
            "written there. Several: calls with any of them.",
            "example": ["status_raw:NO-FORWARD"],
        },
    )
    unread = any_of("Calls that stated something in this field of the dialer's which nobody can read.", "callEnded")
    is_final = fields.Bool(
        truthy={"true"}, falsy={"false"}, metadata={"description": "Whether the call is over.", "example": True}
    )
    since = moment("Calls at or after this time.")
    until = moment("Calls before this time.")
    changed_since = moment("Rows changed at or after this time.")

    @post_load
    def read_numbers(self, query: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """A number as the connections read it, each in its default country; and no more connections than the key may see."""
        limits.narrowed(query)
        if query.get("number"):
            query["number"] = reading.numbers(query["number"], query.get("connection"), context().connections)
        return query


class OpenedFilters(opening.Row, Filters):
    """The filters; and a figure of a report, with the values of one of its rows."""


class ListQuery(Filters):
    order = fields.Str(
        load_default=selection.DEFAULT_ORDER,
        validate=validate.OneOf(tuple(selection.ORDERS)),
        metadata={
            "description": "By the call's time or by the last change; `-` is newest first. A call whose start the dialer "
            "did not tell stands at the time it was answered, ended or first seen.",
            "example": selection.DEFAULT_ORDER,
        },
    )
    limit = limit(100)
    cursor = cursor()


class OutcomeQuery(opening.Row, ListQuery):
    """A page of the list, which a figure may open."""


def split(query: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The filters of a query, and the rest of it."""
    filters = {name: value for name, value in query.items() if name in selection.FILTERS}
    return filters, {name: value for name, value in query.items() if name not in filters}
