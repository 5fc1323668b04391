"""Reports: what can be asked, and a page for each question with its picture, its table, and its definitions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from dialers.vocabulary import AWAITING_DISPOSITION, CONNECT_OUTCOMES, FLAGS, PROVISIONAL
from lib import clock
from queries import completeness, health, heard, histories, keyset
from queries.asks import Asks
from queries.reports import answering, left_out, whole
from queries.reports.base import Report, WrongQuestion
from queries.reports.catalogue import REPORTS
from queries.reports.written import NAMES
from queries.selection import FILTERS
from web import catalogue, spooled
from web.auth import API
from web.context import context
from web.pages import connection_words, filters, pictured, report_query, session, zones
from web.pages.report_cells import MOST_ROWS, Cells
from web.turns import REPORTS as TURNS

GONE = "not in the settings (any more), so whatever comes for it is not read, and its dialer is not asked"
# By subject; with each report what is asked besides.
SUBJECTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Calls": (
        ("attempts", ""),
        ("connect_rate", ""),
        ("best_time", ""),
        ("machine_rate", ""),
        ("dispositions", ""),
        ("times", ""),
    ),
    "Campaigns": (
        ("contact_rate", "campaign"),
        ("connect_rate", "campaign"),
        ("penetration", "campaign"),
        ("abandon_rate", ""),
    ),
    "Leads": (
        ("attempts_per_lead", ""),
        ("first_attempt_contact", ""),
        ("attempts_to_contact", ""),
        ("speed_to_lead", ""),
    ),
    "Agents": (("agents", ""),),
    "Promises and rules": (("callbacks", ""), ("abandon_rate", ""), ("compliance", "")),
    "Numbers": (("number_health", ""), ("unreachable_numbers", "")),
    "How certain it is": (("may_still_move", ""),),
}


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/reports", view_func=reports)
    blueprint.add_url_rule("/reports/<name>", view_func=report)


def reports() -> str:
    """What can be asked."""
    zone = zones.chosen()
    subjects = {
        subject: [(REPORTS[name], by, urlencode(_asked(REPORTS[name], by, zone))) for name, by in entries]
        for subject, entries in SUBJECTS.items()
    }
    return render_template("pages/reports.html", subjects=subjects)


def _asked(report: Report, by: str, zone: str) -> filters.Pairs:
    first = [pair for pair in report_query.first(report, zone) if not by or pair[0] != "group_by"]
    return [*first, ("group_by", by)] if by else first


def report(name: str) -> Response | str:
    """One question. ``format`` answers with a file."""
    found = REPORTS.get(name)
    if found is None:
        abort(404)
    given, zone = list(request.args.items(multi=True)), zones.chosen()
    pairs = report_query.canonical(given, zone) if given else report_query.first(found, zone)
    if pairs != given:
        return redirect(f"{request.path}?{urlencode(pairs)}", 302)
    wanted, rest, wrong = filters.read(request, catalogue.ReportQuery)
    answer = None
    if not wrong:
        try:
            if rest["format"] != catalogue.JSON:
                return catalogue.as_file(found, wanted, rest)
            answer = catalogue.answered(found, wanted, rest)
        except WrongQuestion as error:
            wrong = {error.parameter: [str(error)]}
        except keyset.BadCursor as error:
            wrong = {"cursor": [str(error)]}
    shown = _shown(found, answer, pairs, wanted | rest) if answer is not None else {}
    shown["campaigns"] = filters.campaigns(wanted, found.tables)
    return make_response(_page(found, pairs, wrong, shown), 422 if wrong else 200)


def _shown(report: Report, answer: Mapping[str, Any], pairs: filters.Pairs, query: Mapping[str, Any]) -> dict[str, Any]:
    cells = Cells(report, answer, pairs, answer["tz"])
    heads = cells.heads()
    now, count = answering.moment(), report.count(answer["totals"])
    following = [*(pair for pair in pairs if pair[0] != "cursor"), ("cursor", answer.get("next") or "")]
    return {
        "answer": answer,
        "span": report_query.words(report, query, answer["tz"], now),
        "other": _other(report, answer, now),
        "pictures": pictured.drawn(report, answer),
        "closer": _closer(report, pairs, answer["group_by"]),
        "namesakes": _namesakes(report, pairs, answer),
        "heads": heads,
        "rows": cells.rows(heads),
        "left_rows": max(0, len(answer["rows"]) - MOST_ROWS),
        "of_all": count,
        "most_in_file": whole.MOST_ROWS,
        "first": not any(name == "cursor" for name, _ in pairs),
        "totals": cells.totals(),
        "why": cells.why,
        "at": clock.now(),
        "left_out": _left_out(report, _filters(query), pairs),
        **_complete(_filters(query), pairs, answer["tz"], answer["may_still_move"]),
        "following": urlencode(following) if answer.get("next") else None,
    }


def _filters(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if name in FILTERS}


def _left_out(report: Report, wanted: Mapping[str, Any], pairs: filters.Pairs) -> dict[str, list[dict[str, Any]]]:
    """By why it is not known what their dispositions mean: the connections of calls that match, with how many, and where these
    are listed."""
    if not report.by_meaning:
        return {}
    configured = context().connections

    def listed(one: left_out.LeftOut) -> str | None:
        if one.listed is None:
            return None
        rest = [pair for pair in pairs if pair[0] in FILTERS and pair[0] not in ("connection", *one.listed)]
        own = [(name, value) for name, values in one.listed.items() for value in values]
        return f"{url_for('pages.calls')}?{urlencode([*rest, ('connection', one.connection), *own])}"

    def ask(whom: Asks) -> dict[str, list[left_out.LeftOut]]:
        ways = {"undecided": left_out.undecided, "unstated": left_out.unstated}
        return {why: way(whom, wanted, configured) for why, way in ways.items()}

    with TURNS.turn():
        found = context().sources.ask(ask, wanted).value
    return {
        why: [{"connection": one.connection, "calls": one.calls, "href": listed(one)} for one in own]
        for why, own in found.items()
    }


def _other(report: Report, answer: Mapping[str, Any], now: datetime) -> dict[str, datetime | None] | None:
    """The span that it is compared with."""
    if "compared_with" not in answer:
        return None
    span = {name: clock.parse(answer["compared_with"][name]) for name in ("since", "until")}
    return {**span, "since": report_query.begins(report, span, now)}


def _closer(report: Report, pairs: filters.Pairs, by: Sequence[str]) -> tuple[str, str] | None:
    """Days by the hour, and back: what it is called, and the query."""
    other = {("day",): ("By the hour", "day,hour"), ("day", "hour"): ("By day", "day")}.get(tuple(by))
    if other is None or "hour" not in report_query.groups_of(report):
        return None
    return other[0], urlencode([*(pair for pair in pairs if pair[0] != "group_by"), ("group_by", other[1])])


def _namesakes(report: Report, pairs: filters.Pairs, answer: Mapping[str, Any]) -> str | None:
    """Where several campaigns, queues or agents of the rows have one name: the query whose rows show the connection of each."""
    by = answer["group_by"]
    if "connection" in by or "connection" not in report_query.groups_of(report):
        return None
    for name, key in NAMES.items():
        named = {(row[name], row[key]) for row in answer["rows"] if row.get(name)}
        if len(named) > len({shown for shown, _ in named}):
            rest = [pair for pair in pairs if pair[0] != "group_by"]
            return urlencode([*rest, ("group_by", ",".join(["connection", *by]))])
    return None


def _page(report: Report, pairs: filters.Pairs, wrong: Mapping[str, list[str]], shown: Mapping[str, Any]) -> str:
    given = dict(reversed(pairs))
    tz = given["tz"] if zones.known(given["tz"]) else "UTC"
    here = [pair for pair in pairs if pair[0] != "cursor"]
    return render_template(
        "pages/report.html",
        report=report,
        definitions=report.described()["figures"],
        wrong=wrong,
        given=given,
        tz=tz,
        query=urlencode(here),
        files=[(form, urlencode([("format", form), *here])) for form in ("csv", "xlsx")],
        chips=filters.chips(pairs, tz),
        periods=[(name, urlencode(asked)) for name, asked in report_query.periods(pairs, tz, clock.now())],
        fields=report_query.fields(report),
        kept=report_query.kept(report, pairs),
        groups=report_query.groups_of(report),
        grouped=[one for one in given.get("group_by", "").split(",") if one],
        compared=report_query.COMPARED,
        zones=zones.all_known(),
        choices={"connection": list(context().connections), "connect_outcome": CONNECT_OUTCOMES, "flag": FLAGS},
        for_input=filters.for_input,
        api=f"{API}/reports/{report.name}",
        address=request.url,
        **shown,
    )


def _complete(wanted: Mapping[str, Any], pairs: filters.Pairs, tz: str, moving: Mapping[str, Any]) -> dict[str, Any]:
    """``complete``: of each connection that is asked for anything, has posted callbacks, or awaits dispositions, when the last
    callback came, how far each of its reports is complete, which past was begun and is not at its end, and how many of its calls
    still await theirs. ``lists``: of each settling state the list of what may still move, where a list with the same filters has
    exactly those calls."""
    configured = context().connections
    waiting = spooled.waiting()
    with session.database().read() as reading:
        now = clock.now()
        polls = health.poll_states(reading, configured, now)
        pasts = health.discreet(configured, histories.begun(reading, now))
        calls = completeness.unsettled(reading, wanted)
        is_last = heard.can_judge(reading, waiting)
        came = {name: last for name, (last, _) in heard.lasts(reading, configured).items()}
    sums = {settling: sum(own.values()) for settling, own in calls.items()}
    same = sums == {PROVISIONAL: moving["provisional"], AWAITING_DISPOSITION: moving["awaiting"]}
    asked = [pair for pair in pairs if pair[0] in FILTERS]
    listed = same and not wanted.get("settling")
    awaiting, found = calls[AWAITING_DISPOSITION] if listed else {}, []
    for name, connection in configured.items():
        reached = completeness.of_reports(connection, polls.get(name, []))
        said = []
        if last := came.get(name):
            said = [f"last callback at {zones.moment(last, tz)}{'' if is_last else ', of those that the database has'}"]
        said += [one.words(zones.moment(one.to, tz)[:-3] if one.to else "") for one in reached]
        said += [connection_words.history(name, one, tz) for one in pasts.get(name, [])]
        if (said or awaiting.get(name)) and name in (wanted.get("connection") or [name]):
            own = [*(pair for pair in asked if pair[0] != "connection"), ("connection", name)]
            left = {"awaiting": awaiting.get(name, 0), "href": _listed(own, AWAITING_DISPOSITION)}
            found.append({"connection": name, "said": "; ".join(said), "asked": bool(reached), **left})
    gone = [name for name in wanted.get("connection") or () if name not in configured]
    found += [{"connection": name, "said": GONE, "asked": False, "awaiting": 0, "href": None} for name in gone]
    return {"complete": found, "lists": {settling: _listed(asked, settling) for settling in calls} if listed else {}}


def _listed(asked: filters.Pairs, settling: str) -> str:
    return f"{url_for('pages.calls')}?{urlencode([*asked, ('settling', settling)])}"
