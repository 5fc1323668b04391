"""What strikes. Each fault says what it does, and how it is undone once the rest has got over it."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rig.waiting import until
from tests.ha.cluster import Balancer, Cluster
from tests.ha.network import ADDRESSES, Host
from tests.ha.parts import Parts

FENCED_SECONDS = 8.0  # in which a demoted primary answers, and nobody else writes yet
CUT_SECONDS = 75.0  # longer than any lease in use here: what the host was doing is another's by then
SPOOLED = 40_000  # bytes on the disk of a host before it dies
NOWHERE = "02:00:00:00:00:ff"


@dataclass
class Site:
    """All that can be struck. ``gone``: hosts whose receivers are not there at the moment."""

    cluster: Cluster
    hosts: dict[str, Host]
    parts: dict[str, Parts]
    balancer: Balancer
    gone: set[str] = field(default_factory=set)
    told: dict[str, str] = field(default_factory=dict)  # what a fault has to say for itself

    def living(self) -> list[Parts]:
        return [part for name, part in self.parts.items() if name not in self.gone]

    def primary(self) -> str:
        found: str = until(self.cluster.primary, 60, self.cluster.members)
        return found

    def standby(self) -> str:
        """The synchronous one."""
        return next(member["name"] for member in self.cluster.members() if member["role"] == "sync_standby")


@dataclass(frozen=True)
class Fault:
    """``strike`` returns when it has struck; the undoing of it is what it returns."""

    name: str
    strike: Callable[[Site], Callable[[], None]]


def _nothing() -> None: ...


def _server(site: Site) -> Callable[[], None]:
    site.cluster.kill_server(site.primary())
    return _nothing


def _server_and_patroni(site: Site) -> Callable[[], None]:
    name = site.primary()
    site.cluster.kill(name)
    return lambda: site.cluster.start(name)


def _switch_over(site: Site) -> Callable[[], None]:
    site.cluster.switch_over(site.primary(), site.standby())
    return _nothing


def _demoted(site: Site) -> Callable[[], None]:
    name = site.primary()
    site.cluster.fence(name)
    time.sleep(FENCED_SECONDS)
    site.cluster.switch_over(name, site.standby())
    return lambda: site.cluster.unfence(name)


def _partition(site: Site) -> Callable[[], None]:
    name = site.primary()
    host = site.hosts[name]
    host.cut()
    site.gone.add(name)
    end = time.monotonic() + CUT_SECONDS

    def mend() -> None:
        time.sleep(max(0.0, end - time.monotonic()))
        host.mend()
        site.gone.discard(name)

    return mend


def _host_with_a_spool(site: Site) -> Callable[[], None]:
    """A host that is no primary's loses its way to the other databases, though not to the balancer: its receivers spool. Then all
    of it dies, its disk stays, and what it held is brought home from another host."""
    name = next(one for one in site.parts if one != site.primary())
    other = next(one for one in site.parts if one != name)
    parts, host = site.parts[name], site.hosts[name]
    _lose(host, NOWHERE)
    until(lambda: parts.spooled() > SPOOLED, 60)
    parts.kill()
    site.cluster.kill(name)
    host.cut()
    site.gone.add(name)
    held = parts.spooled()

    def bring_home() -> None:
        told = site.parts[other].command("import-spool", str(parts.data)).strip().splitlines()
        site.told["its spool"] = f"{held:,} bytes; {told[-1] if told else ''}"
        _lose(host, None)
        host.mend()
        site.cluster.start(name)
        parts.start()
        until(lambda: parts.ready() == "ok", 60)
        site.gone.discard(name)

    return bring_home


def _lose(host: Host, mac: str | None) -> None:
    """What the host sends to the other databases goes nowhere; None: it arrives again."""
    for name, address in ADDRESSES.items():
        if name != host.name:
            own = mac or "02:00:00:00:00:" + format(int(address.rpartition(".")[2]), "02x")
            words = [
                "ip",
                "neighbour",
                "replace",
                address,
                "lladdr",
                own,
                "dev",
                f"end-{host.name}",
                "nud",
                "permanent",
            ]
            subprocess.run([*host.inside, *words], check=True)


FAULTS = (
    Fault("kill -9 of the primary", _server),
    Fault("kill -9 of the primary and of its Patroni", _server_and_patroni),
    Fault("patronictl switchover", _switch_over),
    Fault("a demoted primary that stays reachable", _demoted),
    Fault("the primary's host is cut off", _partition),
    Fault("a receiver host dies with a spool", _host_with_a_spool),
)
