"""A body eight times as large takes about eight times as long: what grows with the square stops a worker for minutes.

Compared is a machine with itself, in processor time; the ratios lie around 8, and around 64 for what is to be found.
"""

import gc
import json
import time

import pytest

from lib import rawjson
from tests.fuzz.targets import TARGETS

SIZE = 96 * 1024
TIMES = 8
MOST = 30.0
SHORTEST = 0.02  # seconds; what is as fast as that may grow as it likes


def _filled(before: str, piece: str, after: str, glue: str = ","):
    """A maker of bodies of a given size, all pieces alike but for their number where the piece has a place for it."""

    def made(size: int) -> bytes:
        pieces, length = [], 0
        while length < size - len(before) - len(after) - 64:
            pieces.append(piece.replace("#", str(len(pieces))))
            length += len(pieces[-1]) + len(glue)
        return (before + glue.join(pieces) + after).encode()

    return made


RYNG = '{"callID":1,"callLogID":2,'
ROW = '{"call_id":"c1","lead_number":"+15550100001","timestamp":1794996772,'

# target, kind, name, maker
SHAPES = [
    ("words-ryng", "terminal", "open brackets", lambda size: b"[" * size),
    ("words-ryng", "terminal", "open objects", lambda size: b'{"a":' * (size // 5)),
    ("words-ryng", "terminal", "a number", lambda size: b'{"callID":' + b"9" * size + b"}"),
    ("words-ryng", "terminal", "a fraction", lambda size: b'{"callID":1,"talktime":0.' + b"9" * size + b"}"),
    ("words-ryng", "terminal", "blanks", lambda size: b" " * size),
    ("words-ryng", "terminal", "blanks in a time", lambda size: b'{"callID":1,"callEnded":"' + b" " * size + b'x"}'),
    ("words-ryng", "terminal", "escapes", _filled(RYNG + '"notes":"', "\\ud800", '"}', "")),
    ("words-ryng", "terminal", "quotes", _filled(RYNG + '"notes":"', '\\"', '"}', "")),
    ("words-ryng", "terminal", "a phone number", lambda size: b'{"callID":1,"customerNum":"+' + b"9" * size + b'"}'),
    ("words-ryng", "terminal", "hyphens", lambda size: b'{"callID":1,"customerNum":"+1' + b"-" * size + b'"}'),
    ("words-ryng", "terminal", "one key", _filled(RYNG, '"notes":"#"', "}")),
    ("words-ryng", "terminal", "one key, objects", _filled(RYNG, '"a":{"b":[#]}', "}")),
    ("words-ryng", "terminal", "many keys", _filled(RYNG, '"k#":#', "}")),
    ("words-ryng", "terminal", "custom fields", _filled(RYNG + '"customFields":{', '"c#":"v"', "}}")),
    ("words-ryng", "terminal", "legs", _filled(RYNG + '"legDetails":{', '"l#":"v"', "}}")),
    ("words-ryng", "connect", "one event", _filled('{"callID":1,', '"event":"agent-connected"', "}")),
    ("chain-ryng", "terminal", "one key", _filled(RYNG, '"notes":"#"', "}")),
    ("chain-ryng", "terminal", "custom fields", _filled(RYNG + '"customFields":{', '"c#":"v"', "}}")),
    ("words-qvoice", "lead_history", "steps", _filled(ROW + '"lead_history":[', '{"event":"dial"}', "]}")),
    ("words-qvoice", "lead_history", "nulls", _filled(ROW + '"agent_disposition":[', "null", "]}")),
    ("words-qvoice", "lead_history", "empty objects", _filled(ROW + '"agent_disposition":[', "{}", "]}")),
    ("words-qvoice", "lead_history", "dispositions", _filled(ROW + '"agent_disposition":[', '{"name":"a"}', "]}")),
    ("words-qvoice", "lead_history", "notes", _filled(ROW + '"follow_up_notes":[', '"n"', "]}")),
    ("words-qvoice", "lead_history", "one key", _filled(ROW, '"a":[#]', "}")),
    ("words-qvoice", "campaign_status", "totals", _filled('{"id":1,"leads_by_status":{', '"s#":1', "}}")),
    ("words-qvoice", "campaign_status", "one total", _filled('{"id":1,"leads_by_status":{', '"s":1', "}}")),
    ("words-qvoice", "queue_status", "agents", _filled('{"id":1,"agents":[', "{}", "]}")),
    ("reports-qvoice", None, "records", _filled("[", '{"call_id":"#"}', "]")),
    ("reports-qvoice", None, "listed", _filled("{", '"c#":{"name":"x"}', "}")),
    ("reports-qvoice", None, "beside", _filled('{"data":[],', '"k#":1', "}")),
    ("reports-qvoice", None, "lists", _filled("{", '"data":[]', "}")),
    ("rawjson", None, "one key", _filled("{", '"a":[#]', "}")),
    ("rawjson", None, "elements", _filled("[", "[]", "]")),
    ("rawjson", None, "commas", lambda size: b"[" + b"," * size),
]


def _seconds(target: str, data: bytes) -> float:
    found = []
    gc.disable()  # its work depends on all that other tests have left behind
    try:
        for _ in range(3):
            began = time.process_time()
            TARGETS[target].run(data)
            found.append(time.process_time() - began)
    finally:
        gc.enable()
    return min(found)


@pytest.mark.parametrize("target, kind, name, made", SHAPES, ids=[f"{one[0]}-{one[2]}" for one in SHAPES])
def test_time_grows_with_the_size(target, kind, name, made):
    head = f"{kind}\n".encode() if kind else b""
    small, large = _seconds(target, head + made(SIZE // TIMES)), _seconds(target, head + made(SIZE))
    assert large < SHORTEST or large < MOST * small, f"{small:.3f} s became {large:.3f} s"


@pytest.mark.parametrize("depth", [10, 100, 300, 450, 480, 500, 900, 990, 1000, 5000, 100_000])
@pytest.mark.parametrize(
    "kind, before, after",
    [("terminal", '{"callID":1,"a":1,"a":', "}"), ("queue_status", '{"id":1,"agents":[', "]}"), ("x", "", "")],
)
def test_any_depth_is_read_or_refused(kind, before, after, depth):
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        body = before + opening * depth + "1" + closing * depth + after
        for name in TARGETS:
            head = f"{kind}\n" if name.startswith(("words", "chain")) else ""
            TARGETS[name].run((head + body).encode())


def test_what_is_read_can_be_written():
    """The deepest value that is read at all is not too deep for whatever writes it."""
    for depth in range(1, 1200):
        try:
            value = rawjson.loads("[" * depth + "]" * depth)
        except rawjson.NotJson:
            break
        assert json.loads(json.dumps(value)) == value
    assert depth > 50
