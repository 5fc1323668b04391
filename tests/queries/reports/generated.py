"""Calls as they could be, made up at random but always the same for a seed: what reports are compared on.

They come as dicts with a value for every column of ``CallOutcome``. Many happen at the same moment, around the hours at which
clocks are changed, without a lead, without a number, corrected, merged, not over yet. Also used for larger runs: ``store`` and
``duck`` take a hundred thousand of them.
"""

import json
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

from dialers.base import Connection
from models import CallGroup, CallOutcome, bulk
from outcomes.feed import take_positions
from queries.mirror.columns import made_of
from queries.mirror.dialect import written

FIRST = datetime(2026, 10, 20, tzinfo=UTC)
DAYS = 40
NOW = FIRST + timedelta(days=DAYS, hours=7, minutes=13)
# Around these the clocks of Kyiv and London, of St John's, and of Lord Howe are changed.
CHANGES = (datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 11, 1, 4, 30, tzinfo=UTC))
ZONES = ("UTC", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Europe/Kyiv", "Australia/Lord_Howe")
NUMBERS = (
    *(f"+9198123456{at:02}" for at in range(12)),  # one clock
    *(f"+3809355500{at:02}" for at in range(8)),  # one, with summer time
    "+14155550100",  # several
    "+14155550101",
    "+97798000000",  # Kathmandu's
    "+88212345678",  # of no country
)
SAID = ("Sold", "Later", "Not interested", "Do not call", "Wrong person", "New word", "Never heard")
TABLE = {
    "Sold": ("contact", "sale"),
    "Later": ("contact", "callback"),
    "Not interested": ("contact", "not_interested"),
    "Do not call": ("contact", "dnc"),
    "Wrong person": ("wrong_number",),
    "Never heard": (),
}
CONNECTIONS = {
    "ryng-main": Connection("ryng-main", "ryng", dispositions=TABLE),
    "qvoice-main": Connection("qvoice-main", "qvoice"),
    "mute": Connection("mute", "voipex", states_dispositions=False),
}
ENDS = ("connected", "connected", "connected", "no_answer", "voicemail", "abandoned", "busy", "unknown", "in_progress")
COLUMNS = tuple(column.name for column in CallOutcome.__table__.columns)


def calls(seed: int, count: int) -> list[dict]:
    chosen = random.Random(seed)
    leads = max(4, count // 12)
    redials = count // 15
    found = [_call(chosen, leads, at) for at in range(count - redials)]
    promised = [call for call in found if call["callback_at"] is not None]
    found += [_redial(chosen, chosen.choice(promised), at) for at in range(len(found), count)]
    for call in chosen.sample(found, count // 25):
        call["merged_into"] = chosen.choice(found)["id"]
    return found


def _id(chosen: random.Random) -> UUID:
    """As ours are (``lib.ids``): by the millisecond of their making first, which says nothing of the call's own time."""
    milliseconds = int(FIRST.timestamp() * 1000) + chosen.randrange(DAYS * 86_400_000)
    return UUID(int=milliseconds << 80 | 7 << 76 | chosen.getrandbits(12) << 64 | 2 << 62 | chosen.getrandbits(62))


def _call(chosen: random.Random, leads: int, at: int) -> dict:
    name = chosen.choice(("ryng-main", "ryng-main", "ryng-main", "qvoice-main", "qvoice-main", "mute"))
    dialer = CONNECTIONS[name].dialer
    lead = chosen.randrange(leads)
    number = None if chosen.random() < 0.1 else NUMBERS[lead] if lead < len(NUMBERS) else f"+91981{lead:07}"
    occurred = _moment(chosen)
    end = chosen.choice(ENDS)
    over = end != "in_progress"
    answered = end == "connected"
    ended = occurred + timedelta(seconds=chosen.randrange(3, 400), microseconds=chosen.choice((0, 0, 999_999)))
    said = chosen.choice(SAID) if answered and name != "mute" and chosen.random() < 0.7 else None
    disposed = ended + timedelta(seconds=chosen.choice((-5, 0, 7, 61, 3599, 3600, 9000))) if said else None
    settling = "provisional" if not over else chosen.choice(("settled", "awaiting_disposition", "never_disposed"))
    first_seen = occurred + timedelta(seconds=chosen.choice((0, 2, 40, 90_000)))
    changed = first_seen + timedelta(hours=chosen.choice((0, 0, 1, 23, 25, 50)))
    known = chosen.random() < 0.8
    agent = chosen.randrange(3) if answered else None
    call = dict.fromkeys(COLUMNS) | {
        "id": _id(chosen),
        "group_id": UUID(int=chosen.getrandbits(128), version=4),
        "attempt_key": "1",
        "connection": name,
        "dialer": dialer,
        "lead_id": None if chosen.random() < 0.3 else str(lead),
        "crm_reference": chosen.choice((None, f"crm-{lead}")),
        "campaign_id": chosen.choice((None, "6541", "6542")),
        "campaign_name": chosen.choice((None, "Renewals", "Renewals B")),
        "queue_id": chosen.choice((None, "17")),
        "queue_name": chosen.choice((None, "Sales")),
        "direction": chosen.choice((None, "outbound", "outbound", "outbound", "inbound")),
        "customer_number": number,
        "caller_number": chosen.choice((None, "+918040001234", "+918040001235")),
        "agent_id": f"{agent}" if agent and known else None,
        "agent_name": ("Priya", "Oleh", "Jana")[agent] if agent is not None and chosen.random() < 0.8 else None,
        "agent_username": f"agent{agent}" if agent and known and number else None,
        "agent_extension": f"10{agent}" if agent is not None and not known else None,
        "connect_outcome": end,
        "answered_by": chosen.choice((None, "human", "machine", "fax", "unknown")) if answered else None,
        "disposition": said,
        "disposition_parent": chosen.choice((None, "Reached")) if said else None,
        "flags": sorted(TABLE.get(said, ())) if said and name == "ryng-main" else [],
        "settling": settling,
        "is_final": over,
        "started_at": occurred,
        "answered_at": occurred + timedelta(seconds=3) if answered else None,
        "ended_at": ended if over and chosen.random() < 0.9 else None,
        "disposed_at": disposed,
        "callback_at": ended + timedelta(minutes=chosen.choice((5, 60, 1440, 9000, 40_000)))
        if chosen.random() < 0.2
        else None,
        "ring_seconds": chosen.choice((None, 3, 11, 20)),
        "talk_seconds": chosen.choice((None, 1, 6, 7, 40, 120, 300)) if answered else chosen.choice((None, 0)),
        "custom_fields": {},
        "sources": ["callback:terminal"],
        "revision": 1,
        "first_seen_at": first_seen,
        "changed_at": changed,
        "occurred_at": occurred,
        "set_by": {},
        "position": at + 1,
    }
    if changed - occurred > timedelta(hours=24) and chosen.random() < 0.9:  # else by a release that kept nothing
        call["stood_connect_outcome"] = chosen.choice(("unknown", "connected", "no_answer"))
        call["stood_contact"] = call["stood_connect_outcome"] == "connected" and chosen.random() < 0.5
    return call | {"corrected_at": changed if chosen.random() < 0.1 else None}


def _redial(chosen: random.Random, promised: dict, at: int) -> dict:
    """A call that was promised: in time, or just not."""
    apart = timedelta(minutes=chosen.choice((-16, -15, -1, 0, 15, 15, 16)), microseconds=chosen.choice((0, 0, 1)))
    later = promised["callback_at"] + apart - promised["occurred_at"]
    moved = {
        name: moment + later
        for name, moment in promised.items()
        if name.endswith("_at") and moment is not None and name != "callback_at"
    }
    own = {"id": _id(chosen), "group_id": UUID(int=chosen.getrandbits(128), version=4)}
    return promised | moved | own | {"callback_at": None, "position": at + 1}


def _moment(chosen: random.Random) -> datetime:
    if chosen.random() < 0.3:  # where an hour is missing or there twice
        return chosen.choice(CHANGES) + timedelta(minutes=chosen.randrange(-180, 180))
    if chosen.random() < 0.2:  # many at the same moment
        return FIRST + timedelta(days=chosen.randrange(3), hours=9)
    return FIRST + timedelta(seconds=chosen.randrange(DAYS * 86_400), microseconds=chosen.choice((0, 1, 999_999)))


def store(session, some: list[dict]) -> None:
    """The calls, in their table."""
    groups = [{"id": call["group_id"], "connection": call["connection"], "dialer": call["dialer"]} for call in some]
    bulk.insert_rows(session, CallGroup.__table__, groups)
    bulk.insert_rows(session, CallOutcome.__table__, some)
    take_positions(session, len(some))


class Duck:
    """DuckDB with the calls in a table as the mirror has it: answers statements as a session does."""

    def __init__(self, some: list[dict]):
        import duckdb

        self.place = len(some)
        self._line = duckdb.connect(":memory:")
        self._line.execute("SET TimeZone = 'UTC'")
        self._line.execute(f"CREATE TABLE calls ({', '.join(f'{name} {_kind(name)}' for name in COLUMNS)})")
        rows = [[_plain(call[name]) for name in COLUMNS] for call in some]
        self._line.executemany(f"INSERT INTO calls VALUES ({', '.join('?' * len(COLUMNS))})", rows)
        self._line.execute(f"CREATE TABLE call_outcomes AS SELECT * FROM {made_of('calls')}")

    def execute(self, statement):
        rows = self._line.execute(*written(statement)).fetchall()
        return [tuple(_aware(cell) for cell in row) for row in rows]

    def scalar(self, statement):
        """Asked of the tables beside it, of which there are none: nothing was deleted for its age."""


def _kind(name: str) -> str:
    kind = str(CallOutcome.__table__.c[name].type).upper()
    if kind == "CHAR(36)":
        return "UUID"
    if name.endswith("_at") or name == "settle_by":
        return "TIMESTAMP"
    return kind if kind in ("BOOLEAN", "INTEGER", "BIGINT") else "VARCHAR"


def _plain(cell):
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).replace(tzinfo=None)
    return json.dumps(cell) if isinstance(cell, list | dict) else cell


def _aware(cell):
    return cell.replace(tzinfo=UTC) if isinstance(cell, datetime) else cell
