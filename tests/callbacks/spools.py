"""What the tests of the spool share."""

import os
import pickle

from tests.forks import end_of


def finish(process):
    assert end_of(process) == 0


def answer(start, work):
    """What work() returned in a process of its own."""
    reader, writer = os.pipe()
    process = start(lambda: os.write(writer, pickle.dumps(work())))
    os.close(writer)
    with open(reader, "rb") as pipe:
        result = pipe.read()
    finish(process)
    return pickle.loads(result)


def drained(spool, **options):
    taken = []
    spool.drain(taken.extend, **options)
    return taken


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def numbered(count, start=0):
    return [b'{"number": %d}' % number for number in range(start, start + count)]
