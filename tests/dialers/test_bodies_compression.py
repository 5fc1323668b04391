"""Compressed bodies: read with their header or without, and never inflated further than a body may be large."""

import gzip
import tracemalloc
import zlib
from urllib.parse import urlencode

import pytest

from dialers.base import Unreadable
from dialers.bodies.inflating import LARGEST
from tests.dialers.posting import CALLS, FORM, JSON, every_dialer, read, told


def _raw_deflate(body):
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(body) + stream.flush()


@every_dialer
@pytest.mark.parametrize(
    ("compress", "encoding", "slips"),
    [
        (gzip.compress, "gzip", ("gzip",)),
        (gzip.compress, "x-gzip", ("gzip",)),
        (gzip.compress, "GZIP", ("gzip",)),
        (gzip.compress, None, ("gzip",)),
        (gzip.compress, "deflate", ("gzip",)),
        (lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:]), "gzip", ("gzip",)),
        (lambda body: gzip.compress(body) + b"\x00\x00", "gzip", ("gzip",)),
        (lambda body: gzip.compress(gzip.compress(body)), "gzip, gzip", ("gzip",)),
        (zlib.compress, "deflate", ("deflate",)),
        (lambda body: zlib.compress(body, 1), "deflate", ("deflate",)),
        (lambda body: zlib.compress(body, 5), "deflate", ("deflate",)),
        (lambda body: zlib.compress(body, 9), None, ("deflate",)),
        (_raw_deflate, "deflate", ("deflate",)),
        (lambda body: body, "gzip", ("wrong_content_encoding",)),
        (lambda body: body, "br", ("wrong_content_encoding",)),
        (lambda body: body, "identity", ()),
        (lambda body: body, "", ()),
    ],
)
def test_compressed_bodies(dialer, compress, encoding, slips):
    events, written = told(dialer)
    found = read(dialer, compress(written.encode()), JSON, encoding)
    assert (found.events, found.forgiven) == (events, slips)


@pytest.mark.parametrize("dialer", ["ringostat", "voipex"])
def test_a_compressed_form(dialer):
    found = read(dialer, gzip.compress(urlencode(CALLS[dialer][1]).encode()), FORM, "gzip")
    assert (found.events, found.forgiven) == (told(dialer)[0], ("gzip",))


def test_nothing_is_inflated_further_than_a_body_may_be_large():
    bomb = gzip.compress(b" " * 300 * 2**20)
    assert len(bomb) < LARGEST
    tracemalloc.start()
    try:
        for body in (bomb, zlib.compress(b" " * (2**20 + 1)), gzip.compress(b" " * 2**19) * 3):
            with pytest.raises(Unreadable) as refused:
                read("ryng", body, JSON, "gzip")
            assert refused.value.reason == "inflates_too_far"
            assert "1 MiB" in refused.value.detail
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()
    assert read("ryng", gzip.compress(told("ryng")[1].encode() + b" " * (2**20 - 200))).events == told("ryng")[0]


@pytest.mark.parametrize(
    ("body", "encoding", "reason"),
    [
        (gzip.compress(b'{"callID": 1, "callLogID": 2}', mtime=0)[:-12], "gzip", "unparseable"),
        (b"\x1f\x8b\x08\x00broken", "gzip", "unparseable"),
        (b"\x8b\x07\x80\x00\x01\xc3\x03", "br", "unknown_encoding"),
        (b"(\xb5/\xfd\x00\x01\xc3\x03", "zstd", "unknown_encoding"),
        (b"\x00\x01\x02\x03\xff", "deflate", "unparseable"),
    ],
)
def test_compressed_bodies_that_are_not_read(body, encoding, reason):
    with pytest.raises(Unreadable) as refused:
        read("ryng", body, JSON, encoding)
    assert refused.value.reason == reason
