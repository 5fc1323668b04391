"""JAICP's words: rows of the number report, rows of the attempt report, and campaign information.

help.cloud.just-ai.com, "Campaign reports" and "Retrieving call campaign information". A job is one lead of a campaign with
all attempts to reach it, and its row shows what became of it so far. Names in camelCase are JAICP's.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dialers import vocabulary as ours
from dialers.base import CampaignSeen, Connection, Event, Evidence, Reading, Unreadable
from dialers.bodies import record
from dialers.connection import plain
from dialers.fields import ident, mapping, moment, number, said_once, seconds, shown, spelled, stated, text, whole, word
from dialers.unread import Field, Fields, a_duration, a_number, a_time, a_word, an_id, an_object, unnamed
from lib import phone
from lib.rawjson import Members

CAMPAIGN = "campaign"  # context: the campaign's name in our settings; its token is a secret and stands nowhere

JOBS = "jobs"
ATTEMPTS = "attempts"
CAMPAIGNS = "campaigns"

WITHOUT_RESULT = "longCallWithNoResult"  # the script has ended without a result: none can come any more
STATUSES = {
    "planned": ours.PENDING,
    "inProcess": ours.IN_PROGRESS,
    "onRetry": ours.RETRY_SCHEDULED,
    "longCallWithResult": ours.CONNECTED,  # whether by a person or a machine is not said
    WITHOUT_RESULT: ours.CONNECTED,
    "noAnswer": ours.NO_ANSWER,  # of all attempts
    "nonexistentNumber": ours.INVALID_NUMBER,
    "canceled": ours.CANCELED,
    "notDone": ours.CANCELED,  # the campaign was stopped before
}

FIELDS = Fields(
    Field("id", an_id, "call_id"),
    Field("phone", a_number, "customer_number"),
    Field("startedAt", a_time, "started_at"),
    Field("finishedAt", a_time, "ended_at"),
    Field("callDuration", a_duration, "duration_seconds"),
    Field("jobStatus", a_word, "status_raw"),
    Field("callResult", a_word, "disposition"),
    Field("reportData", an_object, "custom_fields"),
)
NAMES = frozenset(
    "id phone jobStatus callResult startedAt finishedAt callDuration reportData name status shortReport".split()
)

# Of a campaign's short report: what counts numbers. The others count minutes.
TOTAL = "totalNumbers"
COUNTS = ("processedNumbers", "inProcessCalls", "retryCalls")


def read(evidence: Evidence, connection: Connection) -> Reading:
    """Understand one record. Raises Unreadable."""
    if evidence.kind == ATTEMPTS:
        return Reading(ignored="attempt_report")  # kept; its columns are published nowhere
    understand = _KINDS.get(evidence.kind)
    if understand is None:
        raise Unreadable("unknown_report", "JAICP has no report of this name, and posts nothing.")
    campaign = text((evidence.context or {}).get(CAMPAIGN))
    return record(evidence.body, lambda body: understand(spelled(body, NAMES, "id"), campaign, connection))


def disposes(values: Mapping[str, Any]) -> bool:
    """Whether the script may still leave a result to a job that is over, of which the row says this."""
    return plain(values["status_raw"] or "") != plain(WITHOUT_RESULT)


# A row has no time of its own on purpose: the report shows the present state, so that of two versions the one seen later
# must win.


def _job(row: Members, campaign: str | None, connection: Connection) -> Reading:
    said_once(row, "id")
    job = ident(row.get("id"), "id")
    if job is None:
        raise unnamed("no_job_id", "The row has no id.", row, "id")
    keys = (f"job:{campaign}/{job}",)  # whether two campaigns may have jobs of one id is published nowhere
    facts = _common(row, job, campaign, connection)
    status, result = word(row.get("jobStatus")), word(row.get("callResult"))
    outcome = connection.meaning(status, STATUSES)
    ended = moment(row.get("finishedAt"), connection)
    if outcome in ours.OPEN_OUTCOMES or (outcome is None and ended is None):
        # What an earlier attempt left in the row is no end, and no record either: the job goes on.
        facts |= stated(connect_outcome=outcome, _result=result, _word=None if outcome else status)
        return Reading(events=FIELDS.noted([Event(ours.MILESTONE, keys, facts, attempt=job)], row, connection))
    outcome = outcome or ours.UNKNOWN
    length = seconds(row.get("callDuration"))
    facts |= stated(
        connect_outcome=outcome,
        ended_at=ended,
        duration_seconds=length,
        talk_seconds=length if outcome == ours.CONNECTED else None,
    )
    events = [Event(ours.CALL_ENDED, keys, facts, attempt=job)]
    if result:
        recorded = {"disposition": result, "flags": connection.flags(result)}
        events.append(Event(ours.DISPOSED, keys, recorded, attempt=job))
    return Reading(events=FIELDS.noted(events, row, connection))


def _common(row: Members, job: str, campaign: str | None, connection: Connection) -> dict[str, Any]:
    customer = number(row.get("phone"))
    reported = _reported(row.get("reportData"))
    wanted = connection.settings.get("crm_reference_field")
    conflicts = row.conflicts()
    return stated(
        call_id=job,
        attempt_id=job,
        lead_id=job,
        campaign_id=campaign,
        direction="outbound",
        # JAICP writes international numbers as digits alone; what is none may be national.
        customer_number=phone.e164(customer, connection.default_country, signless=True),
        customer_number_raw=customer,
        started_at=moment(row.get("startedAt"), connection),
        status_raw=word(row.get("jobStatus")),
        custom_fields=reported,
        crm_reference=word(reported.get(wanted)) if wanted else None,
    ) | ({"_conflicts": conflicts} if conflicts else {})


def _reported(value: object) -> dict[str, str]:
    """What the script reported, header by header, as text."""
    return {header: told for header, said in mapping(value).items() if (told := shown(said)) is not None}


def _campaign(body: Members, campaign: str | None, connection: Connection) -> Reading:
    if campaign is None:
        raise Unreadable("no_campaign", "The record does not say which of our campaigns it is about.")
    report = body.get("shortReport")
    report = report if isinstance(report, Mapping) else {}
    return Reading(
        campaigns=(
            CampaignSeen(
                campaign_id=campaign,
                name=text(body.get("name")),
                status=text(body.get("status")),
                total_leads=whole(report.get(TOTAL)),
                leads_by_status={name: count for name in COUNTS if (count := whole(report.get(name))) is not None},
            ),
        )
    )


_KINDS: dict[str, Callable[[Members, str | None, Connection], Reading]] = {JOBS: _job, CAMPAIGNS: _campaign}
