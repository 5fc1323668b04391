"""What a check found."""

from collections.abc import Iterable
from dataclasses import dataclass, field

MOST_EXAMPLES = 10


@dataclass
class Found:
    """``looked_at``: how many of ``noun``. ``wrong``: sentences, the first few in full; ``todo`` says what to do about them.
    ``notes``: what is no fault, and worth knowing."""

    what: str
    noun: str
    looked_at: int = 0
    count: int = 0
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    todo: str = ""

    @property
    def ok(self) -> bool:
        return not self.count

    def add(self, sentences: Iterable[str]) -> None:
        for sentence in sentences:
            self.count += 1
            if len(self.wrong) < MOST_EXAMPLES:
                self.wrong.append(sentence)
