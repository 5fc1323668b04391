"""The ledger of a run, in Markdown."""

from tests.chaos.ledger import percentile
from tests.chaos.markdown import named, two_columns
from tests.chaos.run import Result


def table(result: Result) -> str:
    """What was sent, what is found, which faults struck, and whether it balances."""
    run = result.run
    lines = [
        f"Chaos on {run.database}: {verdict(result)} (seed {run.seed}, {run.rate:g} calls/s, {result.seconds:.0f} s)",
        "",
        *two_columns(("ledger", ""), _rows(result)),
        "",
        *two_columns(("fault", "struck"), [*result.struck.most_common(), ("all", result.struck.total())]),
    ]
    if result.impossible:
        lines += ["", "Not possible here: " + "; ".join(result.impossible) + "."]
    if result.missed:
        lines += ["", "Found nothing to strike: " + _listed(result.missed) + "."]
    lines += named(result.problems)
    return "\n".join(lines) + "\n"


def verdict(result: Result) -> str:
    if result.void:
        return "VOID, the sender fell behind its schedule"
    return "DOES NOT BALANCE" if result.problems else "balances"


def _rows(result: Result):
    ledger, stored = result.ledger, result.stored
    yield "calls", f"{len(ledger.lags):,}"
    yield "callbacks sent (tries whose bytes left)", f"{ledger.total('tries'):,}"
    yield "answered 200", f"{ledger.total('answered'):,}"
    yield "tried again", _listed(ledger.reasons()) or "0"
    yield "connections refused", f"{ledger.total('refused'):,}"
    yield "given up", f"{ledger.total('given_up'):,}"
    yield "receipts", f"{stored.receipts.total():,}"
    yield "outcomes", f"{sum(map(len, stored.outcomes.values())):,}"
    yield "receipts of strangers", f"{stored.strangers:,}"
    yield "only in the error log, brought back", f"{result.from_log:,}"
    yield "spooled at most", f"{result.spooled / 1024:,.0f} KiB"
    yield "ended by itself", f"{result.died:,}"
    yield "at rest after the last answer", f"{result.rested:.1f} s"
    yield "scheduled to answered, p50 / p99 / max", f"{_shares(ledger.latencies, 0.5, 0.99, 1.0)} ms"
    yield "of those answered at the first try", f"{_shares(ledger.at_once, 0.5, 0.99, 1.0)} ms"
    yield "sender behind its schedule, p99 / max", f"{_shares(ledger.lags, 0.99, 1.0)} ms"


def _shares(values: list[float], *shares: float) -> str:
    return " / ".join(f"{percentile(values, share):,.0f}" for share in shares)


def _listed(counter) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counter.most_common())
