"""SOQL and SOSL, as much of them as is asked for here: what is selected, of which object, and under which conditions."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.objects import Object
from sandbox.salesforce.refusals import Refusal, no_column, wrong

_TOKEN = re.compile(r"\s*(?:'((?:\\.|[^'\\])*)'|([A-Za-z_][\w.]*)|([(),=]))")
_SOSL = re.compile(r"FIND \{(.*)\} IN PHONE FIELDS RETURNING (.+)\Z", re.DOTALL)
_TERM = re.compile(r'"((?:\\.|[^"\\])+)"(?: OR |\Z)')
_RETURNED = re.compile(r"(\w+)\(([\w, ]+?)(?: WHERE ([^)]+))?\)(?:, |\Z)")
_SPECIAL = re.compile(r"""(?<!\\)[?&|!{}\[\]()^~*:"'+-]""")
WORD, LITERAL, SIGN = 1, 0, 2


@dataclass
class Condition:
    field: str
    values: set[Any]

    def holds(self, row: Mapping[str, Any]) -> bool:
        return _plain(self.field, row.get(self.field)) in self.values


@dataclass
class Question:
    fields: list[str]
    kind: str
    conditions: list[Condition]


def soql(text: str, objects: Mapping[str, Object]) -> Question:
    """Raises Refusal."""
    found = re.fullmatch(r"SELECT ([\w, ]+?) FROM (\w+)(?: WHERE (.+))?", text, re.DOTALL)
    if found is None:
        raise wrong(f"unexpected token: {text[:80]}", "MALFORMED_QUERY")
    return _question(found[2], found[1], found[3], objects)


def sosl(text: str, objects: Mapping[str, Object]) -> tuple[list[str], list[Question]]:
    """(what is looked for, in which objects). Raises Refusal."""
    found = _SOSL.match(text)
    terms = _TERM.findall(found[1]) if found else []
    if found is None or "".join(f'"{one}" OR ' for one in terms) != found[1] + " OR " or len(found[1]) > 4_000:
        raise wrong(f"unexpected token: {text[:80]}", "MALFORMED_SEARCH")
    if any(_SPECIAL.search(one) for one in terms):
        raise wrong("special characters are to be escaped", "MALFORMED_SEARCH")
    objects_ = _RETURNED.findall(found[2])
    return [re.sub(r"\\(.)", r"\1", one) for one in terms], [
        _question(kind, fields, where or None, objects) for kind, fields, where in objects_
    ]


def words(text: Any) -> str:
    """Its words, one after the other: a number is cut where people have put blanks or signs."""
    return f" {' '.join(re.findall('[0-9A-Za-z]+', str(text or '')))} "


def _question(kind: str, fields: str, where: str | None, objects: Mapping[str, Object]) -> Question:
    if kind not in objects:
        raise Refusal(400, "INVALID_TYPE", f"sObject type '{kind}' is not supported.")
    names = [one.strip() for one in fields.split(",")]
    conditions = list(_conditions(where)) if where else []
    for name in [*names, *(one.field for one in conditions)]:
        if name not in objects[kind].fields:
            raise no_column(name, kind)
    return Question(names, kind, conditions)


def _conditions(text: str) -> Iterator[Condition]:
    tokens = list(_tokens(text))
    while tokens:
        if len(tokens) < 3 or tokens[0][0] != WORD:
            raise wrong(f"unexpected token: {text[:80]}", "MALFORMED_QUERY")
        field, operator = tokens[0][1], tokens[1][1].upper()
        if operator == "=":
            yield Condition(field, {_plain(field, _value(tokens[2]))})
            tokens = tokens[3:]
        elif operator == "IN" and tokens[2] == (SIGN, "(") and (SIGN, ")") in tokens:
            end = tokens.index((SIGN, ")"))
            yield Condition(field, {_plain(field, _value(one)) for one in tokens[3:end] if one != (SIGN, ",")})
            tokens = tokens[end + 1 :]
        else:
            raise wrong(f"unexpected token: {operator}", "MALFORMED_QUERY")
        if tokens and (tokens[0][1].upper() != "AND" or len(tokens) < 2):
            raise wrong(f"unexpected token: {tokens[0][1]}", "MALFORMED_QUERY")
        tokens = tokens[1:]


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            raise wrong(f"unexpected token: {text[at : at + 20]}", "MALFORMED_QUERY")
        kind = next(place for place, one in enumerate(found.groups()) if one is not None)
        yield kind, found[kind + 1]
        at = found.end()


def _value(token: tuple[int, str]) -> Any:
    kind, said = token
    if kind == LITERAL:
        return re.sub(r"\\(.)", r"\1", said)
    if said in ("true", "false"):
        return said == "true"
    raise wrong(f"unexpected token: {said}", "MALFORMED_QUERY")


def _plain(field: str, value: Any) -> Any:
    """As values are compared: ids may be written in two ways, and capitals do not count in texts."""
    if not isinstance(value, str):
        return value
    return value[:15] if field.endswith("Id") else value.casefold()
