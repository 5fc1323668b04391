"""Compiled once for all applications of a process. A test has an application of its own, and each would compile two functions for
every route and the code of every page anew: half of the time that tests of pages took."""

from collections.abc import Callable

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule


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


def once() -> None:
    """From here on."""
    Flask.jinja_options = {"bytecode_cache": Templates()}
    Rule._compile_builder = remembered(Rule._compile_builder)
