"""What JAICP can be asked: the number report and the attempt report of jobs that we have made, and campaign information.

help.cloud.just-ai.com, "Campaign reports", "Retrieving call campaign information". There are no pages and no windows: jobs
are asked for by their ids.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import count

from dialers import bodies, rows
from dialers.asking import Jobs, Layer, Record, Report, ReportPage
from dialers.base import Connection, Unreadable
from dialers.fields import ident
from dialers.jaicp import words
from dialers.jaicp.api import Client, job_id
from lib import text as texts
from lib.http.errors import AskedWrongly, CredentialsRefused, Declined, ExchangeError, Garbled

JOBS_PATH = "/callJob/getReport"
ATTEMPTS_PATH = "/callAttempt/getReport"
AT_ONCE = 500  # ids in one request; what JAICP takes is not published
MOST_HALVES = 40  # of one walk: so often a request that is refused is asked again in two parts

_minute = timedelta(minutes=1)

Cut = Callable[[bytes, str, str], list[Record]]


def jobs(client: Client, connection: Connection, asked: Jobs) -> Iterator[ReportPage]:
    """The rows of these jobs. Those that JAICP does not answer are told of, and asked for again the next time."""
    return _reports(client, connection, asked, JOBS_PATH, _jobs)


def attempts(client: Client, connection: Connection, asked: Jobs) -> Iterator[ReportPage]:
    """The attempts of these jobs, kept as they come."""
    return _reports(client, connection, asked, ATTEMPTS_PATH, _attempts)


def campaigns(client: Client, connection: Connection, asked: None) -> Iterator[ReportPage]:
    """Each campaign's state and totals, as they are now."""

    def one(campaign: str) -> Iterator[ReportPage]:
        body = client.ask(campaign, "GET", "")
        if not isinstance(bodies.glance(body), dict):
            raise Garbled(f"The information about campaign {campaign} is no JSON object.")
        yield ReportPage([Record(body, campaign, {words.CAMPAIGN: campaign})])

    return _each(connection.settings["campaigns"], one)


def _reports(client: Client, connection: Connection, asked: Jobs, path: str, cut: Cut) -> Iterator[ReportPage]:
    halved = count()

    def one(campaign: str) -> Iterator[ReportPage]:
        ids = asked.by_campaign[campaign]
        if campaign not in connection.settings["campaigns"]:
            yield ReportPage(
                [],
                f"{texts.many(len(ids), 'job')} of campaign {campaign}, which the settings no longer name: not asked for.",
            )
            return
        for start in range(0, len(ids), AT_ONCE):
            some, more = ids[start : start + AT_ONCE], start + AT_ONCE < len(ids)
            yield from _asked(client, campaign, some, path, cut, halved, more)

    return _each(asked.by_campaign, one)


def _each(campaigns: Iterable[str], pages: Callable[[str], Iterator[ReportPage]]) -> Iterator[ReportPage]:
    """The pages of every campaign. One that fails does not hide the others, which have tokens of their own; where others
    answered, a refusal is told of as a warning: after a refusal nothing would be asked for an hour."""
    failure: ExchangeError | None = None
    answered = False
    for campaign in campaigns:
        try:
            yield from pages(campaign)
            answered = True
        except (CredentialsRefused, AskedWrongly, Declined, Garbled) as error:
            failure = failure or error
    if failure and (isinstance(failure, Garbled) or not answered):
        raise failure
    if failure:
        yield ReportPage([], str(failure))


def _asked(
    client: Client, campaign: str, ids: Sequence[str], path: str, cut: Cut, halved: Iterator[int], more: bool
) -> Iterator[ReportPage]:
    """One page for these jobs; where they are refused, one for each half: a single id that JAICP does not like must not
    hide the others."""
    try:
        body = client.ask(campaign, "POST", path, {"ids": [job_id(one) for one in ids]})
    except (AskedWrongly, Declined) as error:
        if next(halved) >= MOST_HALVES:
            raise
        if len(ids) == 1:
            yield ReportPage([], f"Job {ids[0]} of campaign {campaign} was refused: {error}", more)
            return
        half = len(ids) // 2
        yield from _asked(client, campaign, ids[:half], path, cut, halved, True)
        yield from _asked(client, campaign, ids[half:], path, cut, halved, more)
        return
    records = cut(body, campaign, f"POST {path}")
    missing = len({_key(campaign, one) for one in ids} - {record.key for record in records}) if cut is _jobs else 0
    was, it_is = ("was", "it is") if missing == 1 else ("were", "they are")
    jobs = texts.many(len(ids), "job")
    told = f"{missing} of {jobs} of campaign {campaign} {was} not answered; {it_is} asked for again."
    yield ReportPage(records, told if missing else None, more)


# Records --------------------------------------------------------------------------------------------------------------
def _jobs(body: bytes, campaign: str, what: str) -> list[Record]:
    context = {words.CAMPAIGN: campaign}
    return [Record(row, _key(campaign, _id(row)), context) for row in rows.cut(body, what)]


def _attempts(body: bytes, campaign: str, what: str) -> list[Record]:
    return [Record(row, None, {words.CAMPAIGN: campaign}) for row in rows.cut(body, what)]


def _key(campaign: str, job: str | None) -> str | None:
    """A campaign's jobs have ids of their own, as far as anybody knows."""
    return None if job is None else f"{campaign}/{job}"


def _id(row: bytes) -> str | None:
    """The job's id; None for a row that words will put into quarantine."""
    found = bodies.glance(row)
    try:
        return texts.clean(ident(found.get("id"), "id")) if isinstance(found, dict) else None
    except Unreadable:
        return None


REPORTS = (
    Report(
        words.JOBS,
        (
            Layer("open", every=_minute, jobs=True),
            Layer("recent", every=30 * _minute, jobs=True, span=timedelta(days=1)),
        ),
        jobs,
    ),
    Report(words.ATTEMPTS, (Layer("open", every=10 * _minute, jobs=True),), attempts, switch="attempt_reports"),
    Report(words.CAMPAIGNS, (Layer("now", every=_minute),), campaigns),
)
