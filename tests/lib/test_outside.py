"""A process that is closed reaches nobody, whoever asks, with gevent's sockets or the system's."""

import socket
import subprocess
import sys

import pytest

ASK = """
import sys
if sys.argv[1] == "gevent":
    import gevent.monkey; gevent.monkey.patch_all()
import smtplib, socket, requests
from lib import outside
port = int(sys.argv[2])
outside.close(but=("127.0.0.1", port) if sys.argv[3] == "but" else None)
assert outside.is_closed()
one, other = socket.socketpair()
one.sendmsg([b"x"])
for ask in (
    lambda: socket.create_connection(("127.0.0.1", port)),
    lambda: socket.create_connection(("127.0.0.1", port + 1)),
    lambda: smtplib.SMTP("127.0.0.1", port + 1),
    lambda: requests.get(f"http://127.0.0.1:{port + 1}/"),
    lambda: requests.get("http://somewhere.example/"),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port + 1)),
):
    try:
        ask()
        print("reached")
    except OSError as error:
        print("WRAPUP_OUTSIDE is off" in str(error))
"""


@pytest.mark.parametrize("sockets", ["system", "gevent"])
@pytest.mark.parametrize("but", ["but", "none"])
def test_nobody_is_reached(sockets, but):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        command = [sys.executable, "-c", ASK, sockets, str(port), but]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    first = "reached" if but == "but" else "True"
    assert done.stdout.split() == [first, *["True"] * 5], done.stderr
