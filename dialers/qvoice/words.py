"""QVoice's words: records of its four reports, as ``reports`` cut them out of the answers.

docs.qvoice.net, "Campaigns". Calls are in ``activity``; leads, campaigns and queues are here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dialers.base import CampaignSeen, Connection, Evidence, LeadSeen, QueueSeen, Reading, Unreadable
from dialers.bodies import record
from dialers.fields import LARGEST_INT, ident, moment, number, text, whole, word
from dialers.qvoice import activity
from dialers.unread import unnamed
from lib import phone
from lib.rawjson import Members

LISTED_UNDER = "listed_under"  # context: the key of a record in an object of objects
CAMPAIGN_ID = "campaign_id"  # context: the campaign whose leads were asked for

LEAD_HISTORY = "lead_history"
LEADS = "leads"
CAMPAIGN_STATUS = "campaign_status"
QUEUE_STATUS = "queue_status"

QUEUE_FACTS = ("id", "name", "extension", "strategy", "agents")  # the rest are counters


def read(evidence: Evidence, connection: Connection) -> Reading:
    """Understand one record. Raises Unreadable."""
    understand = _KINDS.get(evidence.kind)
    if understand is None:
        raise Unreadable("unknown_report", "QVoice has no report of this name, and posts nothing.")
    return record(evidence.body, understand, evidence.context or {}, connection)


def _call(row: Members, context: Mapping[str, Any], connection: Connection) -> Reading:
    return Reading(events=activity.events(row, connection))


def _lead(lead: Members, context: Mapping[str, Any], connection: Connection) -> Reading:
    lead_id = ident(lead.get("id"), "id") or ident(context.get(LISTED_UNDER), "the lead's key")
    if lead_id is None:
        raise unnamed("no_lead_id", "The lead has no id.", lead, "id")
    written = number(lead.get("number"))
    return Reading(
        leads=(
            LeadSeen(
                lead_id=lead_id,
                campaign_id=ident(lead.get("campaign_id"), "campaign_id")
                or ident(context.get(CAMPAIGN_ID), "campaign_id"),
                number=phone.e164(written, connection.default_country),
                number_raw=written,
                first_name=text(lead.get("first_name")),
                last_name=text(lead.get("last_name")),
                status=word(lead.get("status")),
                retries=whole(lead.get("retries")),
                priority=whole(lead.get("priority")),
                created_at=moment(lead.get("created"), connection),
            ),
        )
    )


def _campaign(campaign: Members, context: Mapping[str, Any], connection: Connection) -> Reading:
    campaign_id = ident(context.get(LISTED_UNDER), "the campaign's key") or ident(campaign.get("id"), "id")
    if campaign_id is None:
        raise unnamed("no_campaign_id", "The campaign has no id.", campaign, "id")
    totals, repeated = _totals(campaign.get("leads_by_status"))
    return Reading(
        campaigns=(
            CampaignSeen(
                campaign_id=campaign_id,
                name=text(campaign.get("name")),
                status=word(campaign.get("status")),
                total_leads=whole(campaign.get("total_leads")),
                leads_by_status=totals,
                repeated_statuses=repeated,
            ),
        )
    )


def _totals(value: object) -> tuple[dict[str, int], tuple[str, ...]]:
    """Leads by status, and the statuses that stand there twice. The documented sample writes "success" twice, and its
    ``total_leads`` only adds up when both are counted."""
    totals: dict[str, int] = {}
    times: dict[str, int] = {}
    for status, leads in value.pairs if isinstance(value, Members) else ():
        count = whole(leads)
        if count is not None and totals.get(status, 0) + count <= LARGEST_INT:
            totals[status] = totals.get(status, 0) + count
            times[status] = times.get(status, 0) + 1
    return totals, tuple(sorted(status for status, count in times.items() if count > 1))


def _queue(queue: Members, context: Mapping[str, Any], connection: Connection) -> Reading:
    queue_id = ident(queue.get("id"), "id") or ident(context.get(LISTED_UNDER), "the queue's key")
    if queue_id is None:
        raise unnamed("no_queue_id", "The queue has no id.", queue, "id")
    agents = queue.get("agents")
    return Reading(
        queues=(
            QueueSeen(
                queue_id=queue_id,
                name=text(queue.get("name")),
                extension=text(queue.get("extension")),
                strategy=text(queue.get("strategy")),
                counters={name: _counter(value) for name, value in queue.items() if name not in QUEUE_FACTS},
                agents=agents if isinstance(agents, list) else [],
            ),
        )
    )


def _counter(value: object) -> object:
    """``calls`` is an object of calls: how many there are is the counter."""
    return len(value) if isinstance(value, dict | list) else value


_KINDS: dict[str, Callable[[Members, Mapping[str, Any], Connection], Reading]] = {
    LEAD_HISTORY: _call,
    LEADS: _lead,
    CAMPAIGN_STATUS: _campaign,
    QUEUE_STATUS: _queue,
}
