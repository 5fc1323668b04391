"""``python -m tests.ha``: Wrapup on several hosts, each a network of its own, while a primary, a network and a host die. Prints
the ledgers in Markdown.

Ends with 0 when they balance, 1 when they do not, 3 when they are void because the sender fell behind, and 4 where this machine
lacks what is needed, which is said.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.ha import network, tools

BALANCES, WRONG, VOID, MISSING = 0, 1, 3, 4


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.ha", description=__doc__.splitlines()[0])
    words.add_argument("--rate", type=float, default=20, help="calls per second")
    words.add_argument("--folder", type=Path, help="where the logs and the data stay afterwards")
    words.add_argument("--tools", type=Path, default=Path(".ha-tools"), help="where packages of Debian are unpacked")
    words.add_argument("--only", action="append", default=[], metavar="WORDS", help="of a fault's name; repeatable")
    given = words.parse_args()
    try:
        have = tools.found(given.tools.absolute())
        _may_have_a_network()
    except tools.Missing as error:
        print(f"make ha: {error}", file=sys.stderr)
        return MISSING
    network.enter()
    from tests.ha.report import table
    from tests.ha.run import perform

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that everything is undone
    with tempfile.TemporaryDirectory(prefix="wrapup-ha-", ignore_cleanup_errors=True) as own:
        folder = given.folder or Path(own)
        folder.mkdir(parents=True, exist_ok=True)
        result = perform(folder.absolute(), have, given.rate, given.only)
    print(table(result), flush=True)
    return WRONG if result.problems else VOID if result.void else BALANCES


def _may_have_a_network() -> None:
    """Raises Missing."""
    own = network.own_network()
    done = subprocess.run([*own, "ip", "link", "add", "bridge", "type", "bridge"], capture_output=True, text=True)
    if done.returncode != 0:
        raise tools.Missing(f"This machine gives nobody like you a network of its own: {done.stderr.strip()}.")


if __name__ == "__main__":
    sys.exit(main())
