"""How the fuzzer changes an input: as bytes, or as JSON with another value, member or repetition somewhere in it."""

import json
import random

import atheris

from tests.fuzz import nasty


class Written(str):
    """JSON text that stands for itself, valid or not."""


class Pairs(list):
    """An object as its members, repeated keys included."""


_DECODER = json.JSONDecoder(object_pairs_hook=Pairs, parse_float=Written, parse_int=Written, parse_constant=Written)


def mutator(names: list[str]):
    """A mutator for libFuzzer that knows these member names."""

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if chance.random() < 0.4:
            return atheris.Mutate(data, longest)
        head, line, body = data.partition(b"\n")
        if not line or chance.random() < 0.1:
            return atheris.Mutate(data, longest)
        try:
            value = _DECODER.decode(body.decode("utf-8"))
        except (ValueError, RecursionError):
            return atheris.Mutate(data, longest)
        try:
            for _ in range(chance.choice((1, 1, 2, 3))):
                value = _changed(value, chance, names)
            changed = head + line + _text(value).encode("utf-8", "surrogatepass")
        except RecursionError:
            return atheris.Mutate(data, longest)
        return changed if len(changed) <= longest else atheris.Mutate(data, longest)

    return mutate


def _changed(value: object, chance: random.Random, names: list[str]) -> object:
    """The value with one change at a random place in it."""
    if not isinstance(value, list) or not value or chance.random() < 0.2:
        return _replaced(value, chance, names)
    at = chance.randrange(len(value))
    if not isinstance(value, Pairs):
        return [*value[:at], _changed(value[at], chance, names), *value[at + 1 :]]
    key, old = value[at]
    what = chance.randrange(8)
    if what == 0:
        return Pairs([*value[:at], *value[at + 1 :]])
    if what == 1:  # said again, in other words
        return Pairs([*value, (key, _replaced(old, chance, names))])
    if what == 2:
        return Pairs([*value, (chance.choice(names), _anything(chance))])
    if what == 3:
        return Pairs([*value[:at], (chance.choice(names), old), *value[at + 1 :]])
    return Pairs([*value[:at], (key, _changed(old, chance, names)), *value[at + 1 :]])


def _replaced(value: object, chance: random.Random, names: list[str]) -> object:
    what = chance.randrange(8)
    if what == 0:
        return [value]
    if what == 1:
        return [value, _anything(chance)]
    if what == 2:
        return Pairs([(chance.choice(names), value)])
    if what == 3 and isinstance(value, list) and not isinstance(value, Pairs):
        return value * chance.choice((2, 3, 30))
    return _anything(chance)


def _anything(chance: random.Random) -> Written:
    return Written(chance.choice(nasty.JSON))


def _text(value: object) -> str:
    if isinstance(value, Written):
        return value
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{json.dumps(key)}:{_text(item)}" for key, item in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return json.dumps(value)
