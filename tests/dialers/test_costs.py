"""What a body may cost: each of these took seconds or gigabytes, or was no answer at all."""

import gzip
import time
import tracemalloc

import pytest

from dialers.base import Evidence, Unreadable
from dialers.bodies.opening import opened
from dialers.connection import plain, plain_disposition
from dialers.jaicp.api import job_id
from dialers.voipex.leads import _number
from lib import phone
from rig.patience import stretched

MIB = 1024 * 1024
NOTHING = gzip.compress(b"")
BODIES = {
    "a thousand compressed pieces and more": NOTHING * (MIB // len(NOTHING)),
    "compressed pieces, and something in the last": NOTHING * 40_000 + gzip.compress(b'{"a":1}'),
    "a boundary of blanks": b"--" + b" " * (MIB - 2),
    "a boundary and blanks": b"--a" + b" \t" * (MIB // 2 - 2),
    "blanks before a boundary": b" " * (MIB - 3) + b"--a",
    "a character's number without an end": b"{&quot;a&quot;: &#" + b"1" * (MIB - 20),
    "zeros before a character's number": b"{&quot;a&quot;: &#" + b"0" * (MIB - 30) + b"34;}",
    "a field and blanks": b"payload=" + b" " * (MIB - 8),
    "percents": b"%7b" + b"%" * (MIB - 3),
    "separators": b"a=" + b";a=" * (MIB // 3 - 2),
    "line breaks": b"a=1" + b"\r\n" * (MIB // 2 - 2),
    "commas": b"{" + b"," * (MIB - 1),
    "quotation marks": b"{'" + b"\\'" * (MIB // 2 - 1),
    "comments": b"{" + b"/*" * (MIB // 2 - 1),
    "half of a name": b"{" + b"a" * (MIB - 1),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("content_type", [None, "multipart/form-data; boundary=a", "application/x-www-form-urlencoded"])
def test_a_mebibyte_of_anything_is_opened_at_once(name, content_type):
    began = time.monotonic()
    try:
        opened(Evidence("callback", "terminal", BODIES[name], content_type, None, "POST"), None)
    except Unreadable as error:
        assert error.detail.endswith(".")
    assert time.monotonic() - began < stretched(1.5)


@pytest.mark.parametrize("size", [1, 100, 999])
def test_a_body_may_be_compressed_piece_by_piece(size):
    body = b"".join(gzip.compress(piece.encode()) for piece in ["{"] + ['"a":1,'] * (size - 2) + ['"b":2}'])[
        : size * 100
    ]
    if size > 1:
        found = opened(Evidence("callback", "terminal", body, None, None, "POST"), None)
        assert found.parts[0]["b"] == 2


@pytest.mark.parametrize("compared", [plain, plain_disposition, lambda word: phone.e164(word, "IN")])
def test_long_words_are_not_remembered(compared):
    assert plain("Call_Back  later") == plain("call back LATER")
    tracemalloc.start()
    try:
        for number in range(300):
            compared(f"{number}" + "x" * 200_000)
        assert tracemalloc.get_traced_memory()[0] < 5_000_000
    finally:
        tracemalloc.stop()


def test_an_id_of_thousands_of_digits_stays_what_it_is():
    for read in (job_id, _number):
        assert read("12") == 12
        assert read("9" * 5_000) == "9" * 5_000
