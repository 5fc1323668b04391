"""gunicorn's worker with threads, for the reader. A module of its own: gunicorn's master loads it, and needs nothing of ours."""

import socket
import time
from types import FrameType

from gunicorn.workers.gthread import TConn, ThreadWorker

from lib.ending import ENDING

LINGER_SECONDS = 2.0  # for a receiver that has not read an export's end, because its caller has not


class Worker(ThreadWorker):
    """``worker_class`` in service.supervisor.reader. gunicorn's own lets its main loop wait for two seconds whenever
    somebody has not read the end of an answer, and with it everybody else: here the answer's own thread waits. And whoever waits
    for news is told that there will be none."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        ENDING.set()
        super().handle_exit(sig, frame)

    def handle(self, conn: TConn) -> bool:
        goes_on: bool = super().handle(conn)
        if not goes_on:
            _linger(conn.sock)
        return goes_on


def _linger(sock: socket.socket) -> None:
    """Until the other side has closed, or for so long; whoever looks afterwards finds the end at once."""
    try:
        sock.shutdown(socket.SHUT_WR)
        end = time.monotonic() + LINGER_SECONDS
        while (left := end - time.monotonic()) > 0:
            sock.settimeout(left)
            if not sock.recv(65_536):
                break
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:  # it has gone
        return
