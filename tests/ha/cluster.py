"""PostgreSQL on three hosts under Patroni, as deploy/ha/patroni.yml says, and etcd with three members."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psycopg
import requests
import yaml

from rig.waiting import until
from tests.ha.network import ETCD, FRONT, Host
from tests.ha.tools import Tools
from tests.server import ROOT

SETTINGS = ROOT / "deploy" / "ha" / "patroni.yml"
PASSWORD = "only-for-this-run"
ROLES = ("SUPERUSER", "REPLICATION", "REWIND")


def settings(host: str, address: str, folder: Path, binaries: Path) -> dict:
    """The file of deploy/ha for one host of this run: other places and addresses, no watchdog, and nothing else."""
    read = yaml.safe_load(SETTINGS.read_text().replace("192.0.2.11:", f"{address}:"))
    read["name"] = host
    read["etcd3"] = {"hosts": [f"{one}:2379" for one in ETCD]}
    server = read["postgresql"]
    server["data_dir"] = str(folder / "data")
    server["bin_dir"] = str(binaries)
    server["pgpass"] = str(folder / "pgpass")
    server["parameters"]["unix_socket_directories"] = str(folder)
    server["parameters"]["shared_buffers"] = "64MB"
    read["watchdog"] = {"mode": "off"}
    read["tags"] |= {name: 1 if host == "c" else 2 for name in ("failover_priority", "sync_priority")}
    return read


class Cluster:
    """``hosts`` are those of tests.ha.network. ``url`` is what Wrapup is given."""

    def __init__(self, folder: Path, hosts: dict[str, Host], tools: Tools):
        self._folder = folder
        self._hosts = hosts
        self._tools = tools
        self._running: dict[str, subprocess.Popen] = {}
        self._environ = os.environ | {f"PATRONI_{role}_PASSWORD": PASSWORD for role in ROLES}
        places = "&".join(f"host={host.address}:5432" for host in hosts.values())
        self.url = f"postgresql://wrapup:{PASSWORD}@/wrapup?{places}"
        last_first = "&".join(reversed(places.split("&")))
        self.reader_url = f"postgresql://wrapup:{PASSWORD}@/wrapup?{last_first}&target_session_attrs=prefer-standby"

    @contextmanager
    def running(self):
        folder = self._folder
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._start_etcd()
            for name in self._hosts:
                own = folder / name
                own.mkdir()
                file = own / "patroni.yml"
                file.write_text(yaml.safe_dump(settings(name, self._hosts[name].address, own, self._tools.postgresql)))
                self.start(name)
                until(partial(self.role, name), 90, partial(self.said, name))
            self._furnish()
            until(self.is_whole, 60, self.members)
            yield self
        finally:
            for name in self._hosts:
                self.kill(name)
            for process in self._running.values():
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def start(self, name: str) -> None:
        """Patroni, which starts its server."""
        own = self._folder / name
        inside = [*self._hosts[name].inside, *_unprivileged()]
        command = [*inside, sys.executable, "-P", "-m", "patroni", str(own / "patroni.yml")]
        self._running[name] = self._popen(command, own / "log", own)

    def kill_server(self, name: str) -> None:
        """kill -9 of PostgreSQL alone; Patroni sees it."""
        for pid in self._server(name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill(self, name: str) -> None:
        """kill -9 of PostgreSQL and Patroni."""
        process = self._running.pop(name, None)
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.kill_server(name)

    def switch_over(self, leader: str, candidate: str) -> None:
        file = str(self._folder / leader / "patroni.yml")
        command = [str(Path(sys.executable).parent / "patronictl"), "-c", file, "switchover", "wrapup", "--force"]
        done = subprocess.run(
            [*command, "--leader", leader, "--candidate", candidate],
            env=self._environ,
            capture_output=True,
            text=True,
            cwd=self._folder,
        )
        if done.returncode != 0 or "Successfully" not in done.stdout:
            raise RuntimeError(f"patronictl switchover: {done.stdout[-500:]} {done.stderr[-500:]}")

    def fence(self, name: str) -> None:
        """It refuses to write, and goes on to answer, on every line that it has: ``SELECT 1`` succeeds."""
        with self._admin(name) as line:
            line.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            line.execute("SELECT pg_reload_conf()")

    def unfence(self, name: str) -> None:
        with self._admin(name) as line:
            line.execute("SET default_transaction_read_only = off")
            line.execute("ALTER SYSTEM RESET default_transaction_read_only")
            line.execute("SELECT pg_reload_conf()")

    def role(self, name: str) -> str:
        """As its Patroni says: primary, replica, or nothing."""
        try:
            told = requests.get(f"http://{self._hosts[name].address}:8008/patroni", timeout=1).json()
            return told.get("role", "").replace("master", "primary") if told.get("state") == "running" else ""
        except (requests.RequestException, ValueError):
            return ""

    def primary(self, of: str = "abc") -> str | None:
        """Who is it, of those that answer."""
        found = [name for name in of if self.role(name) == "primary"]
        return found[0] if len(found) == 1 else None

    def members(self) -> list[dict]:
        for host in self._hosts.values():
            with suppress(requests.RequestException, ValueError):
                found: list[dict] = requests.get(f"http://{host.address}:8008/cluster", timeout=1).json()["members"]
                return found
        return []

    def is_whole(self) -> bool:
        """One primary, a synchronous standby, another one, and nobody behind."""
        members = self.members()
        roles = sorted(member["role"] for member in members)
        well = all(member["state"] in ("running", "streaming") and not member.get("lag") for member in members)
        return well and roles == ["leader", "replica", "sync_standby"]

    def said(self, name: str) -> str:
        with suppress(FileNotFoundError):
            return (self._folder / name / "log").read_text()[-2000:]
        return ""

    def _furnish(self) -> None:
        name = until(self.primary, 30)
        with self._admin(name) as line:
            line.execute(f"CREATE ROLE wrapup LOGIN PASSWORD '{PASSWORD}'")
            line.execute("CREATE DATABASE wrapup OWNER wrapup")

    def _admin(self, name: str) -> psycopg.Connection:
        place = {"host": self._hosts[name].address, "port": 5432, "user": "postgres", "password": PASSWORD}
        return psycopg.connect(**place, dbname="postgres", autocommit=True, connect_timeout=5)

    def _start_etcd(self) -> None:
        members = ",".join(f"m{n}=http://{address}:2380" for n, address in enumerate(ETCD))
        for n, address in enumerate(ETCD):
            own = self._folder / f"etcd-{n}"
            own.mkdir()
            client, peer = f"http://{address}:2379", f"http://{address}:2380"
            command = [self._tools.etcd, "--name", f"m{n}", "--data-dir", str(own / "data")]
            command += ["--listen-client-urls", client, "--advertise-client-urls", client]
            command += ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]
            command += ["--initial-cluster", members, "--initial-cluster-state", "new"]
            self._running[f"etcd-{n}"] = self._popen(command, own / "log", own)
        until(self._etcd_answers, 30)

    def _etcd_answers(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"http://{ETCD[0]}:2379/health", timeout=1).json().get("health") == "true"
        return False

    def _popen(self, command: list[str], log: Path, folder: Path) -> subprocess.Popen:
        with log.open("a") as out:
            return subprocess.Popen(
                command, stdout=out, stderr=out, cwd=folder, env=self._environ, start_new_session=True
            )

    def _server(self, name: str) -> list[int]:
        try:
            postmaster = int((self._folder / name / "data" / "postmaster.pid").read_text().split()[0])
            children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        except (OSError, IndexError, ValueError):
            return []
        return [postmaster, *map(int, children)]


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root, and is told that it is another: whose Python this is need not be everybody's to read."""
    if os.geteuid() != 0:
        return []
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000"]


class Balancer:
    """HAProxy, as deploy/ha/haproxy.cfg says, but for TLS: the world of this run speaks none."""

    url = f"http://{FRONT}:8080"

    def __init__(self, folder: Path, tools: Tools):
        self._folder = folder
        self._tools = tools
        self._socket = folder / "haproxy.sock"

    @contextmanager
    def running(self):
        file = self._folder / "haproxy.cfg"
        file.write_text(balancer_settings(self._socket))
        environ = os.environ | {"LD_LIBRARY_PATH": self._tools.libraries}
        with (self._folder / "haproxy.log").open("w") as log:
            process = subprocess.Popen(
                [self._tools.haproxy, "-db", "-f", str(file)], stdout=log, stderr=log, env=environ
            )
        try:
            until(lambda: self._socket.exists() or process.poll() is not None, 10)
            time.sleep(0.2)
            if process.poll() is not None:
                raise RuntimeError((self._folder / "haproxy.log").read_text()[-1000:])
            yield self
        finally:
            process.kill()
            process.wait()

    def sent_again(self) -> int:
        """How many callbacks it has sent once more, to the same host or another one."""
        import socket

        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self._socket))
            line.sendall(b"show stat\n")
            lines = b"".join(iter(lambda: line.recv(65536), b"")).decode().lstrip("# ").splitlines()
        names = lines[0].split(",")
        rows = [dict(zip(names, row.split(","), strict=False)) for row in lines[1:] if row]
        counted = [row for row in rows if row["svname"] == "BACKEND" and "callbacks" in row["pxname"]]
        return sum(int(row["wretr"] or 0) + int(row["wredis"] or 0) for row in counted)


def balancer_settings(control: Path | str) -> str:
    """The file of deploy/ha without what belongs to TLS, and with a socket that can be asked."""
    kept = [
        line
        for line in (ROOT / "deploy" / "ha" / "haproxy.cfg").read_text().splitlines()
        if " ssl " not in line and "scheme https" not in line
    ]
    text = "\n".join(kept).replace("bind 192.0.2.1:80", "bind 192.0.2.1:8080")
    return text.replace("    maxconn 20000", f"    maxconn 2000\n    stats socket {control}") + "\n"
