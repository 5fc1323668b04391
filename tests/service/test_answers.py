"""Answers that a receiver holds for callers: bounded, and whoever reads makes those wait who do not."""

import socket

import pytest
from gevent.socket import socket as LoopSocket

import service.passage.answers
from callbacks.http.line import Line
from service.passage.answers import PIECE, HeldAnswer, Holding, paced


@pytest.fixture
def lines():
    """lines() is a line and the other end of it."""
    ends = []

    def pair():
        ours, theirs = socket.socketpair()
        theirs.settimeout(5)
        ends.append(theirs)
        return Line(LoopSocket(fileno=ours.detach()), 15), theirs

    yield pair
    for one in ends:
        one.close()


def test_an_answer_comes_whole_and_leaves_nothing(lines):
    holding, body = Holding(), bytes(range(256)) * 1000
    held = HeldAnswer(holding, lines()[0], body)
    assert b"".join(held) == body
    held.close()
    held.close()
    assert (holding._bytes, len(holding._held)) == (0, 0)


def test_who_has_read_nothing_for_longest_makes_room(lines):
    holding = Holding(10 * PIECE)
    (unread, gone), (reading, still) = lines(), lines()
    first, second = HeldAnswer(holding, unread, bytes(4 * PIECE)), HeldAnswer(holding, reading, bytes(4 * PIECE))
    taken = iter(first), iter(second)
    for pieces in taken:  # both have begun, the second one goes on
        next(pieces)
    next(taken[1])
    third = HeldAnswer(holding, lines()[0], bytes(4 * PIECE))
    assert gone.recv(1) == b""  # its line has ended...
    still.setblocking(False)
    with pytest.raises(BlockingIOError):  # ...and the other one has not
        still.recv(1)
    for held in (first, second, third):
        held.close()
    assert holding._bytes == 0


def test_one_answer_alone_always_finds_room(lines):
    line, other = lines()
    held = HeldAnswer(Holding(PIECE), line, bytes(4 * PIECE))
    assert len(b"".join(held)) == 4 * PIECE


class Clock:
    """Time that passes while a piece is being read by somebody."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("pauses", "whole"),
    [
        ([0.1] * 100, True),
        ([299] + [0.1] * 99, True),  # a pause
        ([3.0] * 100, True),  # 21 KiB a second
        ([100.0] * 100, False),  # and 655 bytes
        ([250.0, 250.0], False),
    ],
)
def test_pauses_are_waited_for_and_dawdling_is_not(monkeypatch, pauses, whole):
    clock = Clock()
    monkeypatch.setattr(service.passage.answers, "time", clock)
    pieces = paced(iter([bytes(PIECE)] * len(pauses)))
    taken = 0
    try:
        for pause, _ in zip(pauses, pieces, strict=False):
            clock.now += pause
            taken += 1
        next(pieces, None)
        assert whole
    except ConnectionError:
        assert not whole


def test_the_time_that_it_takes_to_make_an_export_does_not_count(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(service.passage.answers, "time", clock)

    def made():
        for _ in range(10):
            clock.now += 10_000
            yield b"row"

    assert b"".join(paced(made())) == b"row" * 10
