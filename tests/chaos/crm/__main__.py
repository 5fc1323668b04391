"""``python -m tests.chaos.crm --database sqlite|postgresql --outcomes N --minutes N --seed S``: prints the ledger in Markdown.

Ends with 0 when it balances, 1 when it does not.
"""

import argparse
import random
import signal
import sys
import tempfile
from pathlib import Path

from tests.chaos.crm.report import table
from tests.chaos.crm.run import SIDES, Run, perform

PACE, PAUSE = 2.0, 40.0


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.chaos.crm", description=__doc__.splitlines()[0])
    words.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    words.add_argument("--crm", choices=tuple(SIDES), default="hubspot")
    words.add_argument("--outcomes", type=int, default=2000)
    words.add_argument("--minutes", type=float, default=10)
    words.add_argument("--pace", type=float, default=PACE, help="faults of the CRMs' answers a second")
    words.add_argument("--pause", type=float, default=PAUSE, help="seconds between faults of workers and the database")
    words.add_argument("--seed", type=int, default=random.randrange(10**6))
    words.add_argument(
        "--short", action="store_true", help="without the CRM's limits, and its search is a second behind"
    )
    words.add_argument("--folder", type=Path, help="where the log and the data stay afterwards")
    given = words.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that everything is undone
    print(f"seed {given.seed}", file=sys.stderr, flush=True)
    pace = (given.pace, given.pause, given.short)
    run = Run(given.database, given.outcomes, given.minutes * 60, given.seed, *pace, given.crm)
    with tempfile.TemporaryDirectory(prefix="wrapup-chaos-", ignore_cleanup_errors=True) as own:
        result = perform(run, given.folder or Path(own))
    print(table(result), flush=True)
    return int(bool(result.problems))


if __name__ == "__main__":
    sys.exit(main())
