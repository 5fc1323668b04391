"""What becomes of a request and its answer on their way: late, cut off, buried in blanks, or without an end."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response

FAULTS = {
    "late": "it is done only after value seconds (default 5), whether or not anybody still waits for the answer",
    "cut_after": "it is done, and the connection is closed half-way through the answer",
    "huge": "it is done, and value megabytes of blanks stand before the answer (default 100)",
    "endless": "it is done, and the answer never ends",
}
MEGABYTE = 1 << 20


def delayed(faults: Mapping[str, Any]) -> None:
    """Before anything is done."""
    if "late" in faults:
        time.sleep(float(faults["late"] or 5))


def spoiled(response: Response, faults: Mapping[str, Any]) -> Response:
    """The answer as it arrives."""
    if "endless" in faults:
        return Response(_endless(), response.status_code, mimetype="application/json")
    if "huge" in faults:
        body = _buried(response.get_data(), int(faults["huge"] or 100))
        return Response(body, response.status_code, mimetype="application/json")
    if "cut_after" in faults:
        whole = response.get_data()
        cut = Response(whole[: len(whole) // 2], response.status_code, mimetype="application/json")
        cut.automatically_set_content_length = False
        cut.headers["Content-Length"] = str(len(whole))
        return cut
    return response


def _endless() -> Iterator[bytes]:
    yield b'{"results":[{"id":"1","properties":{"a":"'
    while True:
        yield b"a" * 65_536


def _buried(body: bytes, megabytes: int) -> Iterator[bytes]:
    for _ in range(megabytes):
        yield b" " * MEGABYTE
    yield body
