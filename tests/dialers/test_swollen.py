"""What a dialer answers decides neither how much memory nor how much time is spent on it: a swollen answer is a sentence."""

import gzip
import json
import subprocess
import sys
from functools import lru_cache

import pytest
from flask import Flask, Response

from sandbox.server import running
from tests.fuzz.shapes import bomb
from tests.thoroughly import part

pytestmark = pytest.mark.slow

MIB = 2**20
MOST = 300  # MiB, whatever comes
REPORTS = [
    ("qvoice", "lead_history"),
    ("qvoice", "leads"),
    ("ringostat", "calls"),
    ("jaicp", "jobs"),
    ("jaicp", "campaigns"),
    ("voipex", "calls"),
    *((dialer, "given") for dialer in ("ryng", "qvoice", "voipex")),
]
LOGINS = {"access_token": "a", "accessToken": "a", "expires_in": 3000}


def filled(begin: bytes, part: bytes, end: bytes, size: int = 15 * MIB) -> bytes:
    return begin + part * ((size - len(begin) - len(end)) // len(part)) + end


def numbered(begin: bytes, part: bytes, end: bytes, count: int) -> bytes:
    return begin + b",".join(part % number for number in range(count)) + end


SHAPES = {
    "records": lambda: filled(b"[", b"{},", b"{}]"),
    "few_mib_of_records": lambda: filled(b"[", b"{},", b"{}]", 4 * MIB),
    "wrapped": lambda: filled(b'{"data":[', b"{},", b'{}],"next_start_key":"x"}'),
    "numbers": lambda: filled(b"[", b"1,", b"1]"),
    "texts": lambda: filled(b"[", b'"ab",', b'"ab"]'),
    "keys": lambda: numbered(b"{", b'"%d":{}', b"}", 1_200_000),
    "plain_keys": lambda: numbered(b"{", b'"%d":1', b"}", 1_200_000),
    "one_record": lambda: filled(b'[{"call_id":[', b"{},", b"{}]}]"),
    "one_record_of_keys": lambda: numbered(b'[{"call_id":1,', b'"%d":1', b"}]", 900_000),
    "one_text": lambda: filled(b'[{"call_id":"', b"x", b'"}]'),
    "one_wide_text": lambda: filled(b'[{"call_id":"\xf0\x9f\x98\x80', b"x", b'"}]'),
    "quotes": lambda: filled(b"[", b'\\"', b"]"),
    "depth": lambda: filled(b"", b"[", b""),
    "objects_in_depth": lambda: filled(b"", b'{"data":', b""),
    "behind_its_end": lambda: filled(b"[]", b" a", b""),
    "blanks": lambda: filled(b"[", b" ", b"]"),
    "as_many_as_are_taken": lambda: numbered(b"[", b'{"call_id":"%d","uniqueid":1,"id":2}', b"]", 90_000),
    "too_large": lambda: filled(b"[", b" ", b"]", 17 * MIB),
    "bomb": lambda: bomb(1024),
    "bomb_in_a_bomb": lambda: gzip.compress(bomb(1024)),
}


@lru_cache(5)
def body_of(shape: str) -> bytes:
    """Made once for all who ask in a row."""
    return SHAPES[shape]()


REFUSED = ("records", "few_mib_of_records", "wrapped", "numbers", "texts", "keys", "too_large", "depth", "quotes")


@pytest.fixture(scope="module")
def answering():
    app = Flask("swollen")

    @app.route("/<shape>/<path:path>", methods=["GET", "POST"])
    def answer(shape: str, path: str):
        if path in ("token", "api/v2/login"):
            return LOGINS
        encoding = {"bomb": "gzip", "bomb_in_a_bomb": "gzip, gzip"}.get(shape)
        headers = {"Content-Encoding": encoding} if encoding else None
        return Response(body_of(shape), mimetype="application/json", headers=headers)

    with running(app) as url:
        yield url


@pytest.mark.parametrize(("dialer", "report"), REPORTS)
def test_an_answer_takes_a_bounded_memory_and_is_a_sentence(answering, dialer, report):
    # Each shape against one report: all read answers through one door.
    shapes = part(SHAPES, REPORTS.index((dialer, report)), len(REPORTS))
    words = [sys.executable, "-m", "tests.dialers.swollen", dialer, report, answering, *shapes]
    done = subprocess.run(words, capture_output=True, text=True, timeout=900, check=True)
    told = {shape: rest for shape, *rest in map(json.loads, done.stdout.splitlines())}
    assert list(told) == shapes
    for shape, (memory, _, largest, said) in told.items():
        assert memory < MOST, shape
        assert largest <= 5_000, shape
        assert said == "taken" or said.endswith("."), shape
    if report == "given":
        return
    for shape in told.keys() & {*REFUSED}:
        assert told[shape][1] == 0 and told[shape][3] != "taken", shape
    for shape in told.keys() & {"bomb", "bomb_in_a_bomb"}:
        assert "larger than 16 MiB" in told[shape][3], shape
