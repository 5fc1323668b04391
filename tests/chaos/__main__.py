"""``python -m tests.chaos --minutes N --faults N --seed S --database sqlite|postgresql``: prints the ledger in Markdown.

Ends with 0 when it balances, 1 when it does not, 3 when it is void because the sender fell behind.
"""

import argparse
import random
import signal
import sys
import tempfile
from pathlib import Path

from tests.chaos.report import table
from tests.chaos.run import Run, perform

BALANCES, WRONG, VOID = 0, 1, 3


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__.splitlines()[0])
    words.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    words.add_argument("--minutes", type=float, default=60)
    words.add_argument("--faults", type=int, default=3000)
    words.add_argument("--rate", type=float, default=100, help="calls per second")
    words.add_argument("--seed", type=int, default=random.randrange(10**6))
    words.add_argument("--short", action="store_true", help="no fault stays for long")
    words.add_argument("--folder", type=Path, help="where the log and the data stay afterwards")
    words.add_argument(
        "--only", action="append", default=[], metavar="FAULT", help="by its name in the ledger; repeatable"
    )
    given = words.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that everything is undone
    print(f"seed {given.seed}", file=sys.stderr, flush=True)
    run = Run(given.database, given.minutes * 60, given.faults, given.rate, given.seed, not given.short, given.only)
    with tempfile.TemporaryDirectory(prefix="wrapup-chaos-", ignore_cleanup_errors=True) as own:
        result = perform(run, given.folder or Path(own))
    print(table(result), flush=True)
    return WRONG if result.problems else VOID if result.void else BALANCES


if __name__ == "__main__":
    sys.exit(main())
