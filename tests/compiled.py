"""Compiled once for all tests of a process. Each has an application and a database of its own, which would compile two functions
for every route, the code of every page and each statement anew: half of the time that tests of pages took."""

from collections.abc import Callable
from functools import partial

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from models import database

STATEMENTS = 3_000  # more than one file of tests asks


class Templates(BytecodeCache):
    """The code of pages, by where their templates lie and what stands in them."""

    def __init__(self):
        self._code = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


def remembered(compiled: Callable) -> Callable:
    """What werkzeug compiles to build a route's address says nothing but the route's own parts."""
    found = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Callable:
        if rule.defaults:
            return compiled(rule, append_unknown)
        parts = (rule.rule, *rule._trace, append_unknown)
        if parts not in found:
            found[parts] = compiled(rule, append_unknown)
        return found[parts]

    return builder


def alike(one: Dialect, other: object) -> bool:
    """Whether they write statements alike: those of our databases have the same options, each of its kind."""
    return type(one) is type(other) and one.server_version_info == other.server_version_info


def once() -> None:
    """From here on."""
    Flask.jinja_options = {"bytecode_cache": Templates()}
    Rule._compile_builder = remembered(Rule._compile_builder)
    # What is compiled is found by the dialect, too, of which each database has its own.
    DefaultDialect.__eq__, DefaultDialect.__hash__ = alike, lambda dialect: hash(type(dialect))
    kept = {"compiled_cache": LRUCache(STATEMENTS)}
    database.create_engine = partial(database.create_engine, execution_options=kept)
