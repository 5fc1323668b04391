"""Calls with the shape of real ones, invented, the same each time: a year of office hours, in the order of their changes.

Five connections of five dialers; each has ten campaigns, which follow one another over the year and weigh differently, and
twelve agents, of whom some have left. 38 leads for each 100 calls: most calls are later attempts. One call in a hundred is
corrected within three days; the last hour's are not over or not disposed of yet. What ``set_by`` holds is left out: nobody who
reads is shown it.
"""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

END = datetime(2026, 11, 28, tzinfo=UTC)
DAYS = 365
CAMPAIGNS, AGENTS = 10, 12  # of each connection
LEADS_SHARE = 0.38  # of the calls are a lead's first
CORRECTED_SHARE = 0.01
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOURS = (2, 6, 9, 10, 7, 8, 10, 10, 9, 6, 3)  # weights of 9 to 20 o'clock
_WEEKDAYS = (10, 11, 11, 10, 9, 3, 1)
_RECENT = 4_000  # leads of a campaign that may be called again

# (connect outcome, weight, answered)
_RESULTS = (
    ("connected", 300, True),
    ("no_answer", 310, False),
    ("busy", 95, False),
    ("voicemail", 110, True),
    ("rejected", 45, False),
    ("unreachable", 60, False),
    ("invalid_number", 25, False),
    ("failed", 20, False),
    ("abandoned", 15, False),
    ("canceled", 12, False),
    ("unknown", 8, False),
)
# (disposition, parent, flags as the product writes them, weight)
_DISPOSITIONS = (
    ("Not interested", "Contacted", '["contact", "not_interested"]', 340),
    ("Call back later", "Contacted", '["contact", "callback"]', 240),
    ("Interested", "Contacted", '["contact", "sale"]', 90),
    ("Information sent", "Contacted", '["contact"]', 120),
    ("Wrong number", "Not contacted", '["wrong_number"]', 60),
    ("Do not call", "Contacted", '["contact", "dnc"]', 25),
    ("Language barrier", "Not contacted", "[]", 70),
    ("Dropped", None, "[]", 54),
    ("Escalated", "Contacted", '["contact"]', 1),
)
_SOURCES = ('["callback:connect", "callback:terminal"]', '["callback:terminal"]', '["report:lead_history"]')
_FIELDS = ("{}", "{}", "{}", '{"batch": "B12", "score": 7}', '{"city": "Pune", "plan": "gold", "renewal": "2026-12"}')
_THEMES = ("Renewals", "Welcome", "Spring", "Gold", "Cards", "Loans", "Surveys", "Winback", "Upgrade", "Festival")
_NAMES = ("Priya", "Asha", "Oksana", "Karel", "Ivan", "Meera", "Jana", "Ravi", "Olena", "Petr", "Sunil", "Eva")
_FAMILIES = ("Sharma", "Kovalenko", "Novak", "Iyer", "Petrov")
_END_SECONDS = (END - _EPOCH).total_seconds()
_SECOND = tuple(f"{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}" for at in range(86_400))


@dataclass(frozen=True)
class Connection:
    """``posts``: it tells by callbacks; ``disposes``: its calls have dispositions; ``leads``: it names leads."""

    name: str
    dialer: str
    weight: int
    prefix: str  # of its customers' numbers
    raw: str  # what it writes instead
    posts: bool = True
    disposes: bool = True
    leads: bool = True


CONNECTIONS = (
    Connection("ryng-main", "ryng", 40, "+9198", "+9198"),
    Connection("qvoice-main", "qvoice", 25, "+9170", "070", posts=False),
    Connection("ringostat-kyiv", "ringostat", 15, "+38050", "38050", leads=False),
    Connection("jaicp-bot", "jaicp", 12, "+7916", "7916"),
    Connection("voipex-prague", "voipex", 8, "+42060", "42060", disposes=False),
)

Row = dict[str, Any]  # column -> text or number, as both databases take it; what is absent is null


def calls(count: int, seed: int = 2026) -> Iterator[Row]:
    """About so many rows of ``call_outcomes``, in the order of their places in the feed. ``group_id`` is the row's own id."""
    chance = random.Random(seed)
    book = _Book(chance)
    first = (END - timedelta(days=DAYS)).date()
    days = [first + timedelta(days=at) for at in range(DAYS)]
    weights = [_WEEKDAYS[day.weekday()] * chance.uniform(0.8, 1.2) for day in days]
    whole, left, made, position = sum(weights), 0.0, 0, 0
    late: list[tuple[float, int, Row]] = []  # corrected calls, by when they change
    for at, (day, weight) in enumerate(zip(days, weights, strict=True)):
        left += count * weight / whole
        todays = round(left)
        left -= todays
        start = int((datetime(day.year, day.month, day.day, tzinfo=UTC) - _EPOCH).total_seconds())
        changed = []
        for second in sorted(_seconds(chance, todays)):
            made += 1
            row, moment = book.call(start + second, at / DAYS, at == DAYS - 1)
            if chance.random() < CORRECTED_SHARE and row["is_final"]:
                moment += chance.uniform(600, 3 * 86_400)
                row |= {"revision": 2, "corrected_at": written(moment), "changed_at": written(moment)}
                heapq.heappush(late, (moment, made, row))
            else:
                changed.append((moment, made, row))
        over = float("inf") if at == DAYS - 1 else start + 86_400
        while late and late[0][0] < over:
            changed.append(heapq.heappop(late))
        changed.sort(key=lambda one: one[:2])
        for _, _, row in changed:
            position += 1
            yield row | {"position": position}


def written(moment: float) -> str:
    """A time as ``models.base.SQLITE_TIME`` writes it, and as PostgreSQL reads it where UTC is its zone."""
    whole, micros = divmod(round(moment * 1_000_000), 1_000_000)
    day, second = divmod(whole, 86_400)
    return f"{_day(day)} {_SECOND[second]}.{micros:06d}"


@cache
def _day(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).date().isoformat()


def _seconds(chance: random.Random, count: int) -> list[float]:
    """Seconds of a day at which calls begin."""
    hours = chance.choices(range(9, 9 + len(_HOURS)), weights=_HOURS, k=count)
    return [round(hour * 3600 + chance.random() * 3600, 3) for hour in hours]


class _Book:
    """Leads, campaigns and agents of the connections."""

    def __init__(self, chance: random.Random):
        self._draw, self._bits = chance.random, chance.getrandbits
        self._connections = _ladder([one.weight for one in CONNECTIONS])
        self._results = _ladder([weight for _, weight, _ in _RESULTS])
        self._dispositions = _ladder([weight for *_, weight in _DISPOSITIONS])
        self._recent: list[list[int]] = [[] for _ in range(len(CONNECTIONS) * CAMPAIGNS)]
        self._leads = 0

    def call(self, moment: float, through: float, last_day: bool) -> tuple[Row, float]:
        """A call that begins at the moment, and when its row changed. ``through``: how much of the year is over."""
        draw = self._draw
        own = self._connections[int(draw() * len(self._connections))]
        connection = CONNECTIONS[own]
        campaign = own * CAMPAIGNS + self._campaign(through)
        lead = self._lead(campaign)
        outcome, _, answered = _RESULTS[self._results[int(draw() * len(self._results))]]
        ring = 2 + int(draw() * 33)
        talk = int(5 + draw() * draw() * 600) if outcome == "connected" else int(draw() * 25) if answered else None
        started, first_seen = moment, moment + (0.2 if connection.posts else 900 + draw() * 600)
        ended = started + ring + (talk or 0)
        changed = ended + 0.4 if connection.posts else first_seen
        number = (
            f"{8_000_000 + lead % 2_000_000:07}{lead // 2_000_000}" if lead >= 2_000_000 else f"{lead + 10_000_000:08}"
        )
        call_id = str(100_000_000 + int(moment) - 1_700_000_000) + f"{self._bits(20):07}"
        id_ = self._id(first_seen)
        row: Row = {
            "id": id_,
            "group_id": id_,
            "attempt_key": call_id,
            "connection": connection.name,
            "dialer": connection.dialer,
            "call_id": call_id,
            "attempt_id": f"{call_id}-1",
            "lead_id": str(5_000_000 + lead) if connection.leads else None,
            "campaign_id": str(6_000 + campaign),
            "campaign_name": f"{_THEMES[campaign % CAMPAIGNS]} {connection.name[:5]}",
            "direction": "outbound",
            "customer_number": connection.prefix + number,
            "customer_number_raw": connection.raw + number,
            "caller_number": f"+9149000000{campaign:02}",
            "connect_outcome": outcome,
            "answered_by": "machine" if outcome == "voicemail" else "human" if outcome == "connected" else None,
            "flags": "[]",
            "settling": "settled",
            "is_final": 1,
            "status_raw": outcome.upper(),
            "created_at": written(started - 1),
            "started_at": written(started),
            "answered_at": written(started + ring) if answered else None,
            "ended_at": written(ended),
            "ring_seconds": ring,
            "talk_seconds": talk,
            "duration_seconds": ring + (talk or 0),
            "talk_source": "stated" if talk is not None else None,
            "duration_source": "stated",
            "custom_fields": _FIELDS[int(draw() * len(_FIELDS))],
            "crm_reference": f"crm-{lead}" if lead % 3 == 0 else None,
            "sources": _SOURCES[0 if answered else 1] if connection.posts else _SOURCES[2],
            "revision": 2 if answered and connection.posts else 1,
            "first_seen_at": written(first_seen),
            "occurred_at": written(started),
            "set_by": "{}",
        }
        if outcome == "connected":
            row |= self._agent(own, through)
            changed = self._disposed(row, connection, ended, changed)
        if last_day and draw() < 0.002:
            row |= {"connect_outcome": "in_progress", "settling": "provisional", "is_final": 0, "talk_seconds": None}
            row |= {
                "disposition": None,
                "disposition_parent": None,
                "flags": "[]",
                "disposed_at": None,
                "ended_at": None,
            }
        row["changed_at"] = written(changed)
        return row, changed

    def _campaign(self, through: float) -> int:
        """Two campaigns run all year; the others follow one another, three or four at a time."""
        if self._draw() < 0.4:
            return int(self._draw() * 2)
        running = [at for at in range(2, CAMPAIGNS) if (at - 2) * 0.1 <= through < (at - 2) * 0.1 + 0.35]
        return running[int(self._draw() * self._draw() * len(running))]

    def _lead(self, campaign: int) -> int:
        recent = self._recent[campaign]
        if recent and self._draw() > LEADS_SHARE:
            return recent[int(self._draw() * len(recent))]
        self._leads += 1
        if len(recent) < _RECENT:
            recent.append(self._leads)
        else:
            recent[int(self._draw() * _RECENT)] = self._leads
        return self._leads

    def _agent(self, own: int, through: float) -> Row:
        """The last two have left after a third and a half of the year; the first takes the most calls."""
        draw = self._draw
        staff = AGENTS if through < 0.33 else AGENTS - 1 if through < 0.5 else AGENTS - 2
        agent = own * AGENTS + int(draw() * (0.4 + 0.6 * draw()) * staff)
        name = f"{_NAMES[agent % 12]} {_FAMILIES[agent // 12]}"
        row = {"agent_id": str(67_000 + agent), "agent_username": f"{name.lower().replace(' ', '.')}@example.test"}
        return row | {"agent_name": name, "agent_extension": str(200 + agent)}

    def _disposed(self, row: Row, connection: Connection, ended: float, changed: float) -> float:
        """What was recorded of a conversation; when the row changed."""
        if not connection.disposes:
            return changed
        if self._draw() < 0.06:
            row["settling"] = "never_disposed" if ended < _END_SECONDS - 86_400 else "awaiting_disposition"
            return changed
        word, parent, flags, _ = _DISPOSITIONS[self._dispositions[int(self._draw() * len(self._dispositions))]]
        disposed = ended + 3 + int(self._draw() * 60)
        row |= {"disposition": word, "disposition_parent": parent, "flags": flags, "disposed_at": written(disposed)}
        if word == "Call back later":
            row["callback_at"] = written(disposed + 3600 * int(1 + self._draw() * 72))
        return max(changed, disposed + 0.3)

    def _id(self, moment: float) -> str:
        """A UUIDv7."""
        at, chance = f"{int(moment * 1000):012x}", f"{self._bits(74):019x}"
        return f"{at[:8]}-{at[8:]}-7{chance[:3]}-{'89ab'[int(chance[3], 16) % 4]}{chance[4:7]}-{chance[7:]}"


def _ladder(weights: list[int]) -> list[int]:
    """Each place as often as it weighs."""
    return [at for at, weight in enumerate(weights) for _ in range(weight)]
