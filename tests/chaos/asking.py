"""``python -m tests.chaos.asking --database KIND``: how long the API takes to answer beside hostile faults, and without.

Prints a line for each: p50 and p99, and p99 beside / without. Ends with 1 where a ratio is above ``MOST``.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from pathlib import Path

import requests

from rig.waiting import until
from tests.chaos.faults import Site
from tests.chaos.hostile import flood, stalled_posts, wrapup
from tests.chaos.ledger import percentile
from tests.chaos.run import Run, made
from tests.evidence import terminal

MOST = 3.0
PAUSE = 0.05  # between two questions
LONGEST = 30.0
WARMING = 5.0
CALLS = 500


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.chaos.asking", description=__doc__.splitlines()[0])
    words.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    words.add_argument("--seconds", type=float, default=20, help="for each")
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="wrapup-asking-") as folder, ExitStack() as stack:
        site = made(Run(given.database, 0, 0, 0, 0), Path(folder), stack)
        stack.enter_context(site.swelling.running())
        stack.enter_context(site.system.running())
        until(site.system.is_prepared, 60)
        return _measured(site, given.seconds)


def _measured(site: Site, seconds: float) -> int:
    system = site.system
    for number in range(CALLS):
        requests.post(system.callback("terminal"), data=json.dumps(terminal(number + 1, number + 1)), timeout=10)
    key = wrapup(system, "keys", "create", "asking", "--scope", "read").split()[-1]
    hostile: dict[str, Callable[[], AbstractContextManager]] = {
        "nothing": nullcontext,
        "stalled posts to the pages": lambda: stalled_posts(system),
        "a stranger's flood": lambda: flood(system),
        "a dialer's swollen answers": site.swelling.swollen,
        "nothing, again": nullcontext,
    }
    _asked(system.url, key, WARMING)  # what is asked first is slow: nothing is in any cache
    calm, worst = [], 0.0
    print("| beside | answers | p50 | p99 | p99 beside / without |\n|---|---|---|---|---|")
    for name, during in hostile.items():
        with during():
            took = _asked(system.url, key, seconds)
        calm = calm or took
        ratio = percentile(took, 0.99) / percentile(calm, 0.99)
        worst = max(worst, ratio)
        shown = " | ".join(f"{percentile(took, share) * 1000:.1f} ms" for share in (0.5, 0.99))
        print(f"| {name} | {len(took)} | {shown} | {ratio:.2f} |", flush=True)
    return int(worst > MOST)


def _asked(url: str, key: str, seconds: float) -> list[float]:
    """How long each answer took, in seconds; one that stays away, as long as it was waited for."""
    took, end = [], time.monotonic() + seconds
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {key}"
        while time.monotonic() < end:
            began = time.monotonic()
            with suppress(requests.Timeout):
                answer = session.get(f"{url}/api/v1/outcomes?limit=20", timeout=LONGEST)
                assert answer.status_code == 200, answer.text
            took.append(time.monotonic() - began)
            time.sleep(PAUSE)
    return took


if __name__ == "__main__":
    sys.exit(main())
