"""An application over real HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


class Keeping(Quiet):
    """Lines stay open, as Wrapup's own do."""

    protocol_version = "HTTP/1.1"


@contextmanager
def listening(app, port: int = 0, handler: type[Quiet] = Quiet) -> Iterator[int]:
    """The port; 0: one that is free."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
