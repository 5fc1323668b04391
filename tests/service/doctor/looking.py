"""What the doctor is asked about, and what it said."""

import threading
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from service.doctor.asking import lines
from service.doctor.line import FAIL, OK, WARN, Line

SECRET = "a-password-that-nobody-sees"
TOML = """
[connections.qvoice-main]
dialer = "qvoice"
portal_url = "http://127.0.0.1:{port}"
username = "a"
password = "${{QVOICE_PASSWORD}}"
domain = "c"
account_id = "d"
"""


def looked(environ) -> dict[str, Line]:
    """By what was looked at; of several the worst."""
    found: dict[str, Line] = {}
    for line in lines(environ):
        if line.what not in found or (OK, WARN, FAIL).index(line.state) > (OK, WARN, FAIL).index(
            found[line.what].state
        ):
            found[line.what] = line
    return found


@contextmanager
def web(status=200, date: datetime | None = None, bodies: Mapping[str, bytes] | None = None):
    """The port of a server that answers so. ``bodies``: by path."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response_only(status)
            if date is not None:
                self.send_header("Date", date.strftime("%a, %d %b %Y %H:%M:%S GMT"))
            body = (bodies or {}).get(self.path, b"")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
