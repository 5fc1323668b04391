"""What becomes of a call, decided when it is created: its attempts, and which callbacks are posted when. Pure.

Everything random is drawn from dice that are thrown for this call alone, so a seed gives the same calls whatever the
threads do. Offsets are Ryng's seconds since the call was created.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.ryng.bodies import AGENT_CONNECTED, AGENT_FIRST, CALL_ENDED, CUSTOMER_CONNECTED, Agent, Attempt, Call
from sandbox.ryng.faults import BODY_FAULTS, CALL_FAULTS, WIRE_FAULTS, drawn, edited, misstated

AGENTS = tuple(
    Agent(67_131 + index, f"{name}@agents.example", f"+9198125600{index:02d}")
    for index, name in enumerate(("asha", "bilal", "chitra", "dev", "esha"))
)

# The tenant's two levels: parent, disposition. Chosen so that each of Wrapup's flags can be mapped from one of them.
DISPOSITIONS = (
    ("Reached", "Interested"),
    ("Reached", "Bought"),
    ("Reached", "Call back later"),
    ("Reached", "Not interested"),
    ("Reached", "Do not call again"),
    ("Reached", "Wrong number"),
    ("Reached", "New Disposition"),
)
CALL_BACK_LATER = "Call back later"
STATUSES = {"completed": 55, "no-answer": 25, "busy": 13, "failed": 7}  # weights
WRAP_UP_IS_SKIPPED = 0.08  # how often the agent disposes of nothing


@dataclass(frozen=True)
class Step:
    """A callback to post. ``attempt`` is what it tells, which a fault may have bent."""

    offset: float
    kind: str  # connect or terminal
    attempt: Attempt
    event: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """``call`` has the attempts as they truly were, ``steps`` what is told of them, in order of time."""

    call: Call
    steps: tuple[Step, ...]
    length: float  # Ryng's seconds from the call's creation to the last thing that happens in it


def plan(
    call: Call,
    dice: random.Random,
    log_ids: Iterator[int],
    agents: tuple[Agent, ...] = AGENTS,
    max_retries: int = 2,
    retry_minutes: int = 5,
    chances: Mapping[str, float] | None = None,
) -> Plan:
    """Decide. ``call.created`` is the moment from which the times in the bodies are counted."""
    chances = chances or {}
    faults = drawn(chances, CALL_FAULTS, dice)
    steps: list[Step] = []
    at = dice.uniform(1, 20)
    for retry in range(max_retries + 1):
        attempt, own = _attempt(call, dice, next(log_ids), at, agents, faults)
        call.attempts.append(attempt)
        at = _offset(call, attempt.disposed or attempt.ended)
        if "late_edit" in faults and attempt.disposition:
            later = edited(attempt, DISPOSITIONS, dice.randint(2, 90), dice)
            own.append(Step(_offset(call, later.disposed or later.ended), "terminal", later, CALL_ENDED))
            call.attempts[-1] = later  # the truth is what the agent said last
            at = own[-1].offset
        steps += [
            replace(step, attempt=misstated(step.attempt, faults, random.Random(f"{call.call_id} {retry}")))
            for step in own
        ]
        if attempt.status == "completed" or retry == max_retries:
            break
        at += retry_minutes * 60 + dice.uniform(0, 60)
    length = max(step.offset for step in steps)
    told = [replace(step, faults=_own_faults(step, chances, dice)) for step in _reordered(steps, faults, dice)]
    return Plan(call, tuple(sorted(told, key=lambda step: step.offset)), length)


def moved(made: Plan, created: datetime) -> Plan:
    """The same plan for a call that was created at another time."""
    by = created - made.call.created
    made.call.created = created
    made.call.attempts[:] = [_shifted(attempt, by) for attempt in made.call.attempts]
    return replace(made, steps=tuple(replace(step, attempt=_shifted(step.attempt, by)) for step in made.steps))


def hurried(made: Plan, second: float) -> Plan:
    """The same plan for a call whose seconds are so much shorter, and which says so: it can neither have begun before it was
    asked for nor end in the future. Its callbacks are posted at the same moments of the timetable."""
    created = made.call.created

    def sooner(at: datetime) -> datetime:
        return created + (at - created) * second

    def quick(attempt: Attempt) -> Attempt:
        talk, agent = (max(1, round(s * second)) if s else 0 for s in (attempt.talk_seconds, attempt.agent_seconds))
        disposed = sooner(attempt.disposed) if attempt.disposed else None
        return replace(
            attempt,
            started=sooner(attempt.started),
            ended=sooner(attempt.ended),
            disposed=disposed,
            talk_seconds=talk,
            agent_seconds=max(talk, agent),
        )

    made.call.attempts[:] = [quick(attempt) for attempt in made.call.attempts]
    return replace(made, steps=tuple(replace(step, attempt=quick(step.attempt)) for step in made.steps))


def _attempt(
    call: Call, dice: random.Random, log_id: int, at: float, agents: tuple[Agent, ...], faults: tuple[str, ...]
) -> tuple[Attempt, list[Step]]:
    agent = dice.choice(agents)
    status = dice.choices(list(STATUSES), list(STATUSES.values()))[0]
    answered = status == "completed"
    first_at = at + dice.randint(2, 12)
    second_at = first_at + dice.randint(3, 25)
    agent_at, customer_at = (first_at, second_at) if call.leg_direction == AGENT_FIRST else (second_at, first_at)
    talk = dice.randint(4, 420) if answered else 0
    ended_at = second_at + talk
    parent = disposition = callback_time = disposed = None
    skipped = dice.random() < WRAP_UP_IS_SKIPPED
    wrap_up = dice.randint(2, 45)
    pair = dice.choice(DISPOSITIONS)
    if answered and not skipped:
        parent, disposition = pair
        disposed = _moment(call, ended_at + wrap_up)
        if disposition == CALL_BACK_LATER:
            callback_time = (disposed + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    attempt = Attempt(
        log_id=log_id,
        agent=agent,
        status=status,
        started=_moment(call, at),
        ended=_moment(call, ended_at),
        disposed=disposed,
        talk_seconds=talk,
        agent_seconds=int(ended_at - agent_at) if answered or call.leg_direction == AGENT_FIRST else 0,
        disposition=disposition,
        parent_disposition=parent,
        notes=dice.choice(("", "", "Asked for the brochure.", "Rückruf nach 18 Uhr", "बाद में फ़ोन करें"))
        if answered
        else "",
        callback_time=callback_time,
        recording_url=f"https://recordings.ryng.example/{call.call_id}/{log_id}.mp3" if answered else None,
    )
    steps = []
    if answered or call.leg_direction == AGENT_FIRST:
        steps.append(Step(agent_at, "connect", attempt, AGENT_CONNECTED))
    if answered:
        steps.append(Step(customer_at, "connect", attempt, CUSTOMER_CONNECTED))
    if "termination_milestone" in faults:
        steps.append(Step(ended_at, "connect", attempt, CALL_ENDED))
    steps.append(Step(_offset(call, attempt.disposed or attempt.ended), "terminal", attempt, CALL_ENDED))
    return attempt, steps


def _reordered(steps: list[Step], faults: tuple[str, ...], dice: random.Random) -> list[Step]:
    if "late_connect" in faults:
        late = dice.choice([index for index, step in enumerate(steps) if step.kind == "connect"])
        log_id = steps[late].attempt.log_id
        end = max(step.offset for step in steps if step.kind == "terminal" and step.attempt.log_id == log_id)
        steps[late] = replace(steps[late], offset=end + dice.randint(5, 90))
    if "shuffled" in faults:
        offsets = [step.offset for step in steps]
        dice.shuffle(offsets)
        # Something may only be told once it has happened, so every callback waits until the last of these moments.
        end = max(offsets)
        steps = [replace(step, offset=end + offset / 10) for step, offset in zip(steps, offsets, strict=True)]
    return steps


def _own_faults(step: Step, chances: Mapping[str, float], dice: random.Random) -> tuple[str, ...]:
    own = drawn(chances, (*BODY_FAULTS, *WIRE_FAULTS), dice)
    if step.kind == "connect" and step.attempt.status != "completed":
        # The second milestone must be true as well: the fault repeats a key, it does not invent an answer.
        own = tuple(name for name in own if name != "duplicate_keys")
    if step.kind == "connect":
        own = tuple(name for name in own if not name.startswith("legs_"))
    return own


def _moment(call: Call, offset: float) -> datetime:
    return call.created + timedelta(seconds=round(offset, 3))


def _offset(call: Call, at: datetime) -> float:
    return (at - call.created).total_seconds()


def _shifted(attempt: Attempt, by: timedelta) -> Attempt:
    return replace(
        attempt,
        started=attempt.started + by,
        ended=attempt.ended + by,
        disposed=attempt.disposed and attempt.disposed + by,
        callback_time=attempt.callback_time and attempt.callback_time + by,
    )
