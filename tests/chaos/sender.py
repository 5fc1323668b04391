"""A dialer, as a process of its own: ``python -m tests.chaos.sender LEDGER RATE URL [FIRST]``; ends at SIGTERM. FIRST: its first
call's number.

Callbacks leave by the clock, whether or not earlier ones were answered: a stalled answer delays nothing. What gets no
answer is tried again, like a dialer does, only sooner. The ledger is written line by line as things happen:

    due NUMBER LAG            it left LAG ms behind its schedule; more than a little, and the run measures the sender
    try NUMBER KIND COPY      the connection stands, the bytes leave now
    200 NUMBER KIND COPY MS   answered as promised, MS after the moment for which it was scheduled
    not NUMBER KIND COPY WHY  no 200: refused, broken, late, or the status that came instead
    end NUMBER KIND COPY      given up
"""

import asyncio
import itertools
import os
import random
import resource
import signal
import sys
import threading
from contextlib import suppress
from urllib.parse import urlsplit

from tests.chaos import calls

PATIENCE = 30.0  # seconds for which an answer is waited for
PAUSES = (0.3, 0.6, 1, 1, 2, 2, 4, 4, 8, 8, 16, 30)  # seconds before each further try
ANSWER = b'{"received":true}'


class Dialer:
    """Sends the callbacks of one run to ``url``, a pattern with ``{kind}``, at ``rate`` calls per second, from the
    number ``first`` on."""

    def __init__(self, url: str, rate: float, ledger, first: int = 0):
        parts = urlsplit(url)
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path
        self._rate = rate
        self._first = first
        self._ledger = ledger
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._random = random.Random(1)
        self._clock = asyncio.get_running_loop().time
        self.stop = asyncio.Event()

    async def run(self) -> None:
        """Send until told to stop; then wait for what is still on its way."""
        begin, under_way = self._clock(), set()
        for number in itertools.count(self._first):
            due = begin + (number - self._first) / self._rate
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), max(0.0, due - self._clock()))
            if self.stop.is_set():
                break
            self._note("due", number, f"{(self._clock() - due) * 1000:.0f}")
            for kind, copy in calls.sendings(number):
                task = asyncio.create_task(self._send(number, kind, copy, due))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)

    async def _send(self, number: int, kind: str, copy: int, due: float) -> None:
        if copy:
            due += 0.2 + 2 * self._random.random()
            await asyncio.sleep(due - self._clock())
        request = self._request(number, kind, last=self._random.random() < 0.2)
        for pause in (*PAUSES, None):
            why = await self._try(number, kind, copy, request)
            if why is None:
                self._note("200", number, kind, copy, f"{(self._clock() - due) * 1000:.1f}")
                return
            self._note("not", number, kind, copy, why)
            if pause is not None:
                await asyncio.sleep(pause * (0.75 + self._random.random() / 2))
        self._note("end", number, kind, copy)

    def _request(self, number: int, kind: str, last: bool) -> bytes:
        body = calls.body(number, kind)
        head = (
            f"POST {self._path.format(kind=kind)} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\n"
        )
        head += f"Content-Length: {len(body)}\r\n" + ("Connection: close\r\n" if last else "")
        return head.encode() + b"\r\n" + body

    async def _try(self, number: int, kind: str, copy: int, request: bytes) -> str | None:
        """None where it was answered, else why not."""
        line = None
        try:
            async with asyncio.timeout(PATIENCE):
                line = self._waiting() or await asyncio.open_connection(self._host, self._port)
                self._note("try", number, kind, copy)
                line[1].write(request)
                status, keep = await _answer(line[0])
        except TimeoutError:
            why, keep = "late", False
        except ConnectionRefusedError:
            return "refused"
        except (OSError, EOFError, ValueError) as error:
            why, keep = f"broken:{type(error).__name__}", False
        else:
            why = None if status == "200" else status
        if keep:
            self._idle.append(line)
        elif line:
            line[1].transport.abort()
        return why

    def _waiting(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        while self._idle:
            line = self._idle.pop()
            if not line[0].at_eof() and not line[1].is_closing():
                return line
            line[1].transport.abort()
        return None

    def _note(self, *words) -> None:
        print(*words, file=self._ledger)


async def _answer(reader: asyncio.StreamReader) -> tuple[str, bool]:
    """(status, whether the line stays open). An answer with another body than promised has the status ``body``."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    size = int(head.partition("content-length:")[2].partition("\r\n")[0])
    text = await reader.readexactly(size)
    status = head.split(" ", 2)[1]
    return ("body" if status == "200" and text != ANSWER else status), "connection: close" not in head


async def _main(path: str, rate: str, url: str, first: str = "0") -> None:
    # Unbuffered by line: what has left must stand in the ledger, whatever becomes of this process.
    with open(path, "w", buffering=1) as ledger:
        dialer = Dialer(url, float(rate), ledger, int(first))
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, dialer.stop.set)
        _die_with(sys.stdin)
        await dialer.run()


def _die_with(parent) -> None:
    """The runner holds the other end of our standard input: when it is gone, nobody reads the ledger any more."""

    def watch() -> None:
        parent.read()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each stalled answer holds a connection
    with suppress(PermissionError):
        os.nice(-5)  # the clock that measures should not stand in line behind what it measures
    asyncio.run(_main(*sys.argv[1:]))
