"""The ledgers of a run, in Markdown."""

from tests.chaos.ledger import percentile
from tests.chaos.markdown import named, two_columns
from tests.ha.run import Result, Struck

COLUMNS = (
    "fault",
    "callbacks answered 200",
    "receipts (of them once more by the balancer)",
    "outcomes",
    "tried again",
    "answered p50 / p99 / last, ms",
    "another primary after",
    "longest time without a write (and back after)",
    "longest pause of the feed",
    "wrong",
)


def table(result: Result) -> str:
    lines = [
        f"Several hosts: {verdict(result)}",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|---" * len(COLUMNS) + "|",
        *(_row(one) for one in result.struck),
        "",
        *two_columns(("throughout", ""), result.sums.items()),
    ]
    for one in result.struck:
        lines += [f"\n{one.name}: {name}: {value}" for name, value in one.more.items()]
    lines += named(result.problems)
    return "\n".join(lines) + "\n"


def verdict(result: Result) -> str:
    if result.problems:
        return "DOES NOT BALANCE"
    return "VOID, the sender fell behind its schedule" if result.void else "balances"


def _row(one: Struck) -> str:
    ledger = one.ledger
    again = ", ".join(f"{why} {many}" for why, many in ledger.reasons().most_common()) or "0"
    times = " / ".join(f"{percentile(ledger.latencies, share):,.0f}" for share in (0.5, 0.99, 1.0))
    cells = [
        one.name,
        f"{ledger.total('answered'):,}",
        f"{one.receipts:,} ({one.twice})",
        f"{one.outcomes:,}",
        again,
        times,
        f"{one.taken_over:.1f} s" if one.taken_over is not None else "none",
        f"{one.writes:.1f} s ({one.back:.1f} s)",
        f"{one.feed:.1f} s",
        str(len(one.wrong)),
    ]
    return "| " + " | ".join(cells) + " |"
