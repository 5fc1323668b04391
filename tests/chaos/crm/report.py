"""The ledger of a run, in Markdown."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.crm import balance
from tests.chaos.crm.run import Result
from tests.chaos.markdown import named, two_columns


def table(result: Result) -> str:
    """What was written, what is found, which faults struck, and whether it balances."""
    run = result.run
    verdict = "DOES NOT BALANCE" if result.problems else "balances"
    of = f"seed {run.seed}, {run.outcomes:,} outcomes, {result.seconds:.0f} s"
    lines = [
        f"{run.crm} on {run.database}: {verdict} ({of})",
        "",
        *two_columns(("ledger", ""), _rows(result)),
        "",
        *two_columns(("fault", "struck"), [*result.struck.most_common(), ("all", result.struck.total())]),
    ]
    lines += named(result.problems)
    return "\n".join(lines) + "\n"


def _rows(result: Result) -> Iterator[tuple[str, str]]:
    found = result.found
    live = [one for one in found.outcomes if not one.merged]
    there = [call for call in found.calls if call.live]
    yield "outcomes, of which merged", f"{len(found.outcomes):,}, {len(found.outcomes) - len(live):,}"
    yield "revisions", f"{sum(one.revision for one in found.outcomes):,}"
    yield (
        "of those that stand: refused by the account, held for a person",
        (
            f"{sum(balance.refused(one) and balance.whose(found, one) is not None for one in live):,}, "
            f"{sum(balance.whose(found, one) is None for one in live):,}"
        ),
    )
    yield (
        "calls in the CRM; made; removed",
        (f"{len(there):,}; {result.made:,}; {sum(not call.live for call in found.calls):,}"),
    )
    yield "times that calls were written", f"{sum(len(call.bodies) for call in found.calls):,}"
    yield "times that statuses were written", f"{sum(len(one.last_calls) for one in found.contacts):,}"
    yield "events at the webhook; repeats", f"{sum(map(len, found.events.values())):,}; {result.repeats:,}"
    yield "requests to the CRM", f"{result.requests.total():,}"
    for (destination, operation), states in sorted(_states(result).items()):
        yield f"deliveries, {destination} {operation}", ", ".join(f"{n} {c:,}" for n, c in sorted(states.items()))
    yield "workers killed; ended by themselves", f"{result.killed:,}; {result.died:,}"
    yield "times that a person resumed", f"{result.mended:,}"
    yield "at rest after the last fault", f"{result.rested:.1f} s"


def _states(result: Result) -> dict[tuple[str, str], Counter[str]]:
    found: dict[tuple[str, str], Counter[str]] = {}
    for (destination, operation, state), count in result.states.items():
        found.setdefault((destination, operation), Counter())[state] += count
    return found
