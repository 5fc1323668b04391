"""What a long run holds and how it answers, minute by minute; and whether its end is as its beginning."""

import csv
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.table import Row

WARM = 10  # minutes, in which whatever is loaded when it is first needed is loaded
OF = 10  # minutes at either end that are held against each other
MOST_MEMORY, MOST_DELAY = 1.1, 1.2


@dataclass(frozen=True)
class Minute:
    """``memory`` in MB (PSS) and ``descriptors``, by what a process is for, 0 where there is none; all receivers together."""

    number: int
    answered: int
    errors: int
    p99_ms: float
    slowest_question: float  # seconds
    question: str  # which it was
    connections: int  # of PostgreSQL; 0 on SQLite
    pending: int
    begun: int = 0  # processes of those that always run that are not the ones of the beginning
    memory: dict[str, float] = field(default_factory=dict)
    descriptors: dict[str, float] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)  # seconds of it that were used

    @property
    def cells(self) -> dict[str, str]:
        own = {"minute": f"{self.number}", "answered": f"{self.answered}", "errors": f"{self.errors}"}
        own |= {"p99_ms": f"{self.p99_ms:.1f}", "slowest_question_s": f"{self.slowest_question:.2f}"}
        own |= {"question": self.question}
        own |= {"connections": f"{self.connections}", "pending": f"{self.pending}", "begun": f"{self.begun}"}
        own |= {f"memory_{role}_mb": f"{size:.1f}" for role, size in sorted(self.memory.items())}
        own |= {f"processor_{role}_s": f"{used:.1f}" for role, used in sorted(self.processor.items())}
        return own | {f"descriptors_{role}": f"{count:.0f}" for role, count in sorted(self.descriptors.items())}


def write(file: Path, minutes: Iterable[Minute]) -> Iterator[Minute]:
    """Pass them on; each is in the file before the next one."""
    with file.open("w", newline="", buffering=1) as opened:
        writer = None
        for minute in minutes:
            if writer is None:
                writer = csv.DictWriter(opened, minute.cells, extrasaction="ignore", restval="")
                writer.writeheader()
            writer.writerow(minute.cells)
            yield minute


def rows(minutes: list[Minute]) -> Iterator[Row]:
    """The last minutes against the first ones after it was warm, of each process those in which it was there: some begin when
    there is much. What was too short for both has no ratio, and of that nothing is said to have not grown."""
    warm, last = _ends(minutes)
    told = f"{len(minutes)} minute{'' if len(minutes) == 1 else 's'}"
    answered, errors = (sum(getattr(one, name) for one in minutes) for name in ("answered", "errors"))
    yield Row(
        f"27. callbacks answered in {told}, errors", f"{answered:,}, {errors:,}", "", "", "no errors", errors == 0
    )
    begun = max(one.begun for one in minutes)
    yield Row("27f. processes that ended by themselves", f"{begun}", goal="none", reached=begun == 0)
    for role in sorted(last[-1].memory):
        before, after = _ends([one for one in minutes if one.memory.get(role)])
        if not after:
            continue
        held = [[one.memory[role] for one in some] for some in (after, before)]
        yield _grown(f"27a. memory (PSS) of the {role}, last minutes / first", *held, " MB", MOST_MEMORY)
        opened = [[one.descriptors.get(role, 0.0) for one in some] for some in (after, before)]
        yield _grown(f"27b. open files and sockets of the {role}, last minutes / first", *opened, "", MOST_MEMORY)
    if last[-1].connections:
        yield _grown(
            "27c. connections to PostgreSQL",
            *([one.connections for one in some] for some in (last, warm)),
            "",
            MOST_MEMORY,
        )
    yield _grown("27d. p99 of callbacks", *([one.p99_ms for one in some] for some in (last, warm)), " ms", MOST_DELAY)
    yield _grown(
        "27e. processor time in a minute",
        *([sum(one.processor.values()) for one in some] for some in (last, warm)),
        " s",
        None,
    )


def _ends(minutes: list[Minute]) -> tuple[list[Minute], list[Minute]]:
    """The first that were warm, and the last."""
    return minutes[WARM : WARM + OF] if len(minutes) >= WARM + 2 * OF else [], minutes[-OF:]


def _grown(figure: str, last: list[float], warm: list[float], unit: str, most: float | None) -> Row:
    goal = f"at most {most:g}" if most else ""
    if not warm:
        return Row(figure, f"{statistics.median(last):,.1f}{unit}", goal=goal)
    ends = [statistics.median(some) for some in (last, warm)]
    ratio = ends[0] / ends[1] if ends[1] else 1.0
    shown = [f"{end:,.1f}{unit}" for end in ends]
    return Row(figure, *shown, f"{ratio:.2f}", goal, ratio <= most if most else None)
