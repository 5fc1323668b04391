"""Hosts, each with a network of its own: namespaces of this machine's kernel on one bridge. What is sent never leaves it, and
all of it is gone with the process that made it.

Addresses are those that are kept for documentation (RFC 5737), as in deploy/ha.
"""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

FRONT = "192.0.2.1"  # where the balancer is, and the world
ADDRESSES = {"a": "192.0.2.11", "b": "192.0.2.12", "c": "192.0.2.13"}
ETCD = ("192.0.2.21", "192.0.2.22", "192.0.2.23")
INSIDE = "WRAPUP_HA_INSIDE"


def enter() -> None:
    """Go on in a network of its own, in which this process may do all; returns at once where it is there already."""
    if os.environ.get(INSIDE):
        return
    os.environ[INSIDE] = "yes"
    os.execvp("unshare", [*own_network(), sys.executable, "-m", "tests.ha", *sys.argv[1:]])


def own_network() -> list[str]:
    """What goes before a command that is to have a network of its own, and may do all there."""
    return ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]), "--net"]


class Host:
    """One machine as the others see it. ``inside`` goes before a command that runs there."""

    def __init__(self, name: str, holder: subprocess.Popen):
        self.name = name
        self.address = ADDRESSES[name]
        self.inside = ["nsenter", "-t", str(holder.pid), "--net"]
        self._holder = holder

    def cut(self) -> None:
        """Nothing that is sent to it or by it arrives, and nobody is told so."""
        _ip("link", "set", f"to-{self.name}", "down")

    def mend(self) -> None:
        _ip("link", "set", f"to-{self.name}", "up")


@contextmanager
def network():
    """The hosts by their names."""
    _ip("link", "set", "lo", "up")
    _ip("link", "add", "bridge", "address", _mac(FRONT), "type", "bridge")
    for address in (FRONT, *ETCD):
        _ip("address", "add", f"{address}/24", "dev", "bridge")
    _ip("link", "set", "bridge", "up")
    holders = []
    try:
        hosts = {}
        for name in ADDRESSES:
            holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
            holders.append(holder)
            _until_apart(holder)
            hosts[name] = Host(name, holder)
            _connect(hosts[name], holder)
        yield hosts
    finally:
        for holder in holders:
            holder.kill()
            holder.wait()


def _connect(host: Host, holder: subprocess.Popen) -> None:
    line, end = f"to-{host.name}", f"end-{host.name}"
    _ip("link", "add", line, "type", "veth", "peer", "name", end, "address", _mac(host.address))
    _ip("link", "set", end, "netns", str(holder.pid))
    _ip("link", "set", line, "master", "bridge", "up")
    _ip("link", "set", "lo", "up", inside=host.inside)
    _ip("address", "add", f"{host.address}/24", "dev", end, inside=host.inside)
    _ip("link", "set", end, "up", inside=host.inside)
    # Who is whose neighbour is known for good: else the kernel says "no route" after some seconds, which no real network does.
    for address in (FRONT, *ETCD, *ADDRESSES.values()):
        if address != host.address:
            _neighbour(address, end, host.inside)
    _neighbour(host.address, "bridge", [])


def _neighbour(address: str, device: str, inside: list[str]) -> None:
    mac = _mac(FRONT if address in ETCD else address)
    _ip("neighbour", "replace", address, "lladdr", mac, "dev", device, "nud", "permanent", inside=inside)


def _mac(address: str) -> str:
    return "02:00:00:00:00:" + format(int(address.rpartition(".")[2]), "02x")


def _until_apart(holder: subprocess.Popen) -> None:
    ours = os.readlink("/proc/self/ns/net")
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            if (
                os.readlink(f"/proc/{holder.pid}/ns/net") != ours
                and "sleep" in Path(f"/proc/{holder.pid}/cmdline").read_text()
            ):
                return
        except OSError:
            pass
        time.sleep(0.02)
    raise RuntimeError("This kernel gives no network of its own.")


def _ip(*words: str, inside: list[str] | None = None) -> None:
    subprocess.run([*(inside or []), "ip", *words], check=True)
