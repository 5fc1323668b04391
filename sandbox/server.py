"""A real HTTP server for a sandbox application: threads, a port of its own, TLS where wanted."""

import logging
import signal
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from werkzeug.serving import BaseWSGIServer, make_server

from sandbox.keeping import Server


class _AsWritten(DefaultJSONProvider):
    sort_keys = False


class Application(Flask):
    """A dialer's: its JSON has its members in the order in which they are written down."""

    json_provider_class = _AsWritten

    def __init__(self, name: str):
        super().__init__(name, static_folder=None)


@contextmanager
def running(
    app: Flask,
    ssl_context: ssl.SSLContext | None = None,
    port: int = 0,
    host: str = "127.0.0.1",
    keeping: bool = False,
) -> Iterator[str]:
    """Serve the application in threads while the block runs; gives its URL without a slash at the end.

    ``port`` 0 takes a free one. ``keeping``: connections are kept after an answer. Requests that still hang when the block ends
    are left to die with the process.
    """
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line per request helps nobody
    server: BaseWSGIServer | Server
    if keeping:
        server = Server(host, port, app, ssl_context)
    else:
        server = make_server(host, port, app, threaded=True, ssl_context=ssl_context)
    if isinstance(server, ThreadingMixIn):
        server.daemon_threads = True
        server.block_on_close = False
    thread = threading.Thread(target=_serve, args=(server,), name="sandbox-server", daemon=True)
    thread.start()
    try:
        yield f"{'https' if ssl_context else 'http'}://{host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5.0)


def told_to_stop() -> threading.Event:
    """Set when the process is interrupted or terminated."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _serve(server: BaseWSGIServer | Server) -> None:
    server.serve_forever(poll_interval=0.05)  # so that shutting down takes no half second
