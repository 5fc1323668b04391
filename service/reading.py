"""What gunicorn loads for the reading process: API, exports and pages, behind the receivers."""

import socket
import time

from gunicorn.workers.gthread import ThreadWorker

from service.app import create_app
from service.passage import PEER, PROTOCOL

LINGER_SECONDS = 2.0  # for a receiver that has not read an export's end, because its caller has not


def create_reader():
    """The WSGI application of the reading process, which receivers ask and nobody else. Raises BadSettings."""
    app = create_app()
    app.wsgi_app = Behind(app.wsgi_app)
    return app


class Behind:
    """WSGI middleware: as if the receiver were not there. Who asked it, and in which version of HTTP, is what it says."""

    def __init__(self, app):
        self._app = app

    def __call__(self, environ, start_response):
        for name, told in (("REMOTE_ADDR", PEER), ("SERVER_PROTOCOL", PROTOCOL)):
            said = environ.pop("HTTP_" + told.upper().replace("-", "_"), None)
            if said is not None:
                environ[name] = said
        return self._app(environ, start_response)


class Worker(ThreadWorker):
    """``worker_class`` in deploy/reader.conf.py. gunicorn's own lets its main loop wait for two seconds whenever somebody has not
    read the end of his answer, and with it everybody else: here his own thread waits."""

    def handle(self, conn):
        goes_on = super().handle(conn)
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
