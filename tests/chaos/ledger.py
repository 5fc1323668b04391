"""The ledger of a run: what the sender noted, and whether what is stored balances with it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos import calls

BEHIND_MS = 500.0  # with more than one callback in a hundred this late, the run has measured the sender


@dataclass
class Entry:
    """One callback, all its copies together: what came of the tries to deliver it."""

    tries: int = 0  # whose bytes left: each may have arrived
    answered: int = 0
    refused: int = 0  # no bytes left
    given_up: int = 0
    others: Counter = field(default_factory=Counter)  # why a try got no 200


@dataclass
class Ledger:
    """What was sent. ``entries`` by (number, kind); times in milliseconds."""

    entries: dict[tuple[int, str], Entry] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    at_once: list[float] = field(default_factory=list)  # of those that were answered at the first try
    lags: list[float] = field(default_factory=list)

    def entry(self, number: int, kind: str) -> Entry:
        return self.entries.setdefault((number, kind), Entry())

    @property
    def behind(self) -> bool:
        """The sender fell behind its schedule, or sent nothing: the run is void."""
        return not self.lags or percentile(self.lags, 0.99) > BEHIND_MS

    def total(self, name: str) -> int:
        return sum(getattr(entry, name) for entry in self.entries.values())

    def reasons(self) -> Counter:
        return sum((entry.others for entry in self.entries.values()), Counter())


@dataclass
class Stored:
    """What is found. ``receipts`` counts by (number, kind); ``outcomes`` has a list of rows by number; ``strange`` says
    what belongs to no number, was changed on its way, or is not at rest."""

    receipts: Counter = field(default_factory=Counter)
    outcomes: dict[int, list[tuple]] = field(default_factory=dict)  # (attempt id, talk seconds, disposition)
    strange: list[str] = field(default_factory=list)
    strangers: int = 0  # receipts of whoever had no right to come


def read(path: Path) -> Ledger:
    """The ledger that a sender wrote."""
    ledger, again = Ledger(), set()
    with path.open() as lines:
        for line in lines:
            word, number, *more = line.split()
            if word == "due":
                ledger.lags.append(float(more[0]))
                continue
            entry = ledger.entry(int(number), more[0])
            if word == "try":
                entry.tries += 1
            elif word == "200":
                entry.answered += 1
                ledger.latencies.append(float(more[2]))
                if (number, *more[:2]) not in again:
                    ledger.at_once.append(float(more[2]))
            elif word == "end":
                entry.given_up += 1
            elif word == "not":
                again.add((number, *more[:2]))
                if more[2] == "refused":
                    entry.refused += 1
                else:
                    entry.others[more[2]] += 1
    return ledger


def wrong(ledger: Ledger, stored: Stored) -> list[str]:
    """One sentence for each thing that does not balance; empty when all is accounted for."""
    return [*stored.strange, *_receipts(ledger, stored), *_outcomes(ledger, stored), *_answers(ledger)]


def _receipts(ledger: Ledger, stored: Stored) -> Iterator[str]:
    for (number, kind), entry in ledger.entries.items():
        found = stored.receipts[number, kind]
        if not entry.answered <= found <= entry.tries:
            yield (
                f"{kind} {number}: {found} receipts, though it was answered {entry.answered} times in {entry.tries} tries"
            )
    for number, kind in stored.receipts.keys() - ledger.entries.keys():
        yield f"{kind} {number}: a receipt of what was never sent"


def _outcomes(ledger: Ledger, stored: Stored) -> Iterator[str]:
    for number in {number for number, _ in ledger.entries}:
        rows = stored.outcomes.get(number, [])
        kept = stored.receipts[number, calls.TERMINAL], stored.receipts[number, calls.CONNECT]
        if len(rows) != (1 if any(kept) else 0):
            yield f"call {number}: {len(rows)} outcomes of {kept[0]} terminal and {kept[1]} connect receipts"
        expected = (calls.attempt_id(number), calls.talk_seconds(number), calls.disposition(number))
        if kept[0] and rows and expected not in rows:
            yield f"call {number}: the outcome says {rows[0]}, and {expected} was sent"
    for number in stored.outcomes.keys() - {number for number, _ in ledger.entries}:
        yield f"call {number}: an outcome of what was never sent"


def _answers(ledger: Ledger) -> Iterator[str]:
    for (number, kind), entry in ledger.entries.items():
        if entry.given_up:
            yield f"{kind} {number}: given up, nobody answered"
        for why, times in entry.others.items():
            if why != "late" and not why.startswith("broken"):
                yield f"{kind} {number}: answered {why} instead of 200, {times} times"


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
