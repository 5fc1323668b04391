"""leads and loads for SQL readers: what became of each lead, and of each list; comments on all views, on PostgreSQL

Revision ID: 0026
Revises: 0025
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

# What each engine writes in its own way. ``queries.loaded`` and ``queries.reports.of_loads`` are the twins of what follows.
WORDS = {
    "postgresql": {
        "flag": "flags ? '{}'",
        "second": "date_trunc('second', lead.sent_at)",
        "seconds": "CAST(floor(extract(epoch FROM {0} - {1})) AS BIGINT)",
    },
    "sqlite": {
        "flag": "instr(flags, '\"{}\"') > 0",
        "second": "substr(lead.sent_at, 1, 19) || '.000000'",
        "seconds": "(({0}) - ({1})) / 1000000",
    },
}
MICROS = "CAST(strftime('%s', substr({0}, 1, 19)) AS INTEGER) * 1000000 + CAST(substr({0}, 21, 6) AS INTEGER)"
CLOSING = ("sale", "dnc", "not_interested", "wrong_number")

# The ways in which a call is a lead's. UNION and not UNION ALL: a call that is one in two ways is one attempt.
WAYS = (
    "call.lead_id = lead.dialer_id "
    "AND coalesce(call.campaign_id, load.campaign, '') = coalesce(load.campaign, call.campaign_id, '')",
    "call.lead_id = CAST(lead.id AS TEXT)",
    "lead.dialer_id IS NULL AND call.customer_number = lead.number AND call.occurred_at >= {second} "
    "AND coalesce(call.direction, 'outbound') = 'outbound'",
)
CALL = """
SELECT lead.id AS lead, call.id AS call, call.occurred_at AS at, {contact} AS contact, {closing} AS closing,
    {sale} AS sale,
    call.disposition IS NOT NULL AS disposed, call.disposition IS NOT NULL AND flags = '[]' AS unflagged
FROM loaded_leads AS lead JOIN lead_loads AS load ON load.id = lead.load_id
JOIN call_outcomes AS call ON call.connection = lead.connection AND NOT (call.merged_into IS NOT NULL) AND {way}
WHERE NOT (call.connect_outcome = 'pending' OR (call.connect_outcome = 'canceled' AND call.started_at IS NULL))"""
LEADS = """
SELECT lead.id, lead.load_id, lead.ordinal AS row_in_load, lead.connection, load.campaign AS campaign_id,
    load.name AS campaign_name, lead.number, lead.number_raw, lead.reference,
    CASE WHEN lead.state = 'sending' THEN 'pending' ELSE lead.state END AS state, lead.reason, lead.dialer_id, lead.sent_at,
    coalesce(met.attempts, 0) AS attempts, met.first_attempt_at, met.last_attempt_at, met.first_contact_at,
    coalesce(met.contact, 0) = 1 AS is_contacted, coalesce(met.closing, 0) = 1 AS is_closed,
    coalesce(met.sale, 0) = 1 AS is_sold,
    CASE WHEN lead.state <> 'accepted' THEN NULL WHEN met.first_attempt_at < lead.sent_at THEN 0 ELSE {seconds} END
        AS speed_to_lead_seconds,
    coalesce(met.disposed, 0) AS disposed_attempts, coalesce(met.unflagged, 0) AS unflagged_attempts
FROM loaded_leads AS lead JOIN lead_loads AS load ON load.id = lead.load_id
LEFT JOIN (
    SELECT lead, count(*) AS attempts, min(at) AS first_attempt_at, max(at) AS last_attempt_at,
        min(CASE WHEN contact THEN at END) AS first_contact_at, max(CASE WHEN contact THEN 1 ELSE 0 END) AS contact,
        max(CASE WHEN sale THEN 1 ELSE 0 END) AS sale, max(CASE WHEN closing THEN 1 ELSE 0 END) AS closing,
        sum(CASE WHEN disposed THEN 1 ELSE 0 END) AS disposed, sum(CASE WHEN unflagged THEN 1 ELSE 0 END) AS unflagged
    FROM ({calls}) AS calls GROUP BY lead
) AS met ON met.lead = lead.id"""
LOADS = """
SELECT load.id, load.connection, load.campaign AS campaign_id, load.name AS campaign_name, load.makes_campaign, load.state,
    load.reason, load.total, load.created_at, load.parked_at, load.finished_at,
    {counts},
    leads.first_attempt_at, leads.first_contact_at
FROM lead_loads AS load LEFT JOIN (
    SELECT load_id,
        {sums},
        min(CASE WHEN state = 'accepted' THEN first_attempt_at END) AS first_attempt_at,
        min(CASE WHEN state = 'accepted' THEN first_contact_at END) AS first_contact_at
    FROM leads_v1 GROUP BY load_id
) AS leads ON leads.load_id = load.id"""
# Of its leads; what is said of attempts is said of those that the dialer accepted, as in the reports.
COUNTS = {
    **{state: f"state = '{state}'" for state in ("pending", "accepted", "rejected", "unknown")},
    "attempted": "state = 'accepted' AND attempts > 0",
    "contacted": "state = 'accepted' AND is_contacted",
    "sold": "state = 'accepted' AND is_sold",
    "closed": "state = 'accepted' AND is_closed",
    "called_within_5m": "speed_to_lead_seconds <= 300",
    "called_within_1h": "speed_to_lead_seconds <= 3600",
    "called_within_1d": "speed_to_lead_seconds <= 86400",
}

# The API's own descriptions (web.schemas.outcomes); a test holds them together.
OF_CALLS = {
    "id": "Ours; once shown it stays good for ever.",
    "connection": "The connection that it came through.",
    "dialer": "The dialer.",
    "call_id": "The dialer's id of the call.",
    "attempt_id": "The dialer's id of the attempt.",
    "lead_id": "The dialer's id of the lead.",
    "campaign_id": "The dialer's id of the campaign.",
    "campaign_name": "The campaign's name.",
    "queue_id": "The dialer's id of the queue.",
    "queue_name": "The queue's name.",
    "direction": "outbound, inbound or internal.",
    "customer_number": "The customer's number in E.164, where it can be read.",
    "customer_number_raw": "The customer's number as the dialer wrote it.",
    "customer_name": "The customer's name.",
    "caller_number": "The number that the customer saw, in E.164, where it is told and can be read.",
    "agent_id": "The dialer's id of the agent.",
    "agent_name": "The agent's name.",
    "agent_username": "The agent's user name at the dialer.",
    "agent_email": "The agent's e-mail address, where the dialer states one.",
    "agent_number": "The agent's telephone number.",
    "agent_extension": "The agent's extension.",
    "connect_outcome": "The technical result.",
    "answered_by": "Who or what answered.",
    "disposition": "What the agent or the system recorded, in the tenant's words.",
    "disposition_parent": "The group that the disposition belongs to.",
    "flags": "What the disposition means.",
    "settling": "What is still waited for: `settled`, nothing, and a correction is possible all the same; "
    "`never_disposed`, nothing any more.",
    "is_final": "Whether the call is over.",
    "status_raw": "The dialer's own word for the result.",
    "hangup_cause": "The dialer's word for why the line was cut.",
    "lead_status": "The lead's status when it was last reported.",
    "created_at": "When the dialer made the attempt.",
    "started_at": "When it began to ring.",
    "answered_at": "When the customer answered.",
    "ended_at": "When the line was cut.",
    "disposed_at": "When the disposition was recorded.",
    "callback_at": "When the customer wants to be called back.",
    "ring_seconds": "How long it rang.",
    "talk_seconds": "How long agent and customer spoke.",
    "duration_seconds": "From the start to the end.",
    "talk_source": "Where `talk_seconds` comes from: the dialer stated it, two of its times, or the arrival of its callbacks.",
    "duration_source": "Where `duration_seconds` comes from, likewise.",
    "occurred_at": "The call's time, by which lists and reports count: the first known of started, answered, ended, first "
    "seen.",
    "recording_url": "Where the dialer keeps the recording.",
    "notes": "What the agent wrote.",
    "custom_fields": "The tenant's own fields, as the dialer sent them.",
    "crm_reference": "The CRM's own key: of the field that is configured to hold it, else of the loaded lead.",
    "sources": "What told us of the call; `lead` where a lead that was loaded completed it.",
    "merged_into": "The row that this one turned out to be the same call as.",
    "revision": "Grows by one with every change.",
    "position": "Its place in the change feed.",
    "first_seen_at": "When we first heard of the call.",
    "corrected_at": "When the row, settled, was first made to mean something else; null while what it said holds.",
    "changed_at": "When the row last changed.",
} | {
    f"is_{flag}": f"Whether the flag `{flag}` is raised; false also where nobody has decided what the disposition means."
    for flag in ("contact", "sale", "callback", "not_interested", "dnc", "wrong_number")
}
OF_LEADS = {
    "id": "Ours: the mark under which the dialer got it.",
    "load_id": "Its load: `loads_v1.id`.",
    "row_in_load": "Its row in the list, from 1.",
    "connection": "The connection that it was loaded into.",
    "campaign_id": "The campaign; null where it is being made, or its id is not told.",
    "campaign_name": "The name of a new campaign.",
    "number": "E.164.",
    "number_raw": "As it was given.",
    "reference": "Your own name for it.",
    "state": "What became of it: `pending`, `accepted`, `rejected` or `unknown`.",
    "reason": "The dialer's reason.",
    "dialer_id": "The dialer's id of it, where it tells one.",
    "sent_at": "When its request left.",
    "attempts": "How many calls it has, those that are only planned left out.",
    "first_attempt_at": "When the first of them was.",
    "last_attempt_at": "When the last of them was.",
    "first_contact_at": "When the first call with the flag `contact` was.",
    "is_contacted": "Whether one of its calls has the flag `contact`; false also where nobody has decided what dispositions mean.",
    "is_closed": "Whether one of its calls has the flag `sale`, `dnc`, `not_interested` or `wrong_number`, likewise.",
    "is_sold": "Whether one of its calls has the flag `sale`, likewise.",
    "speed_to_lead_seconds": "Whole seconds from `sent_at` to its first call, at least 0; null where it has none, or was not "
    "accepted.",
    "disposed_attempts": "How many of its calls have a disposition.",
    "unflagged_attempts": "How many of its calls have a disposition that raises no flag.",
}
OF_LOADS = {
    "id": "Of the load.",
    "connection": "The connection.",
    "campaign_id": "The campaign; null where it is being made, or its id is not told.",
    "campaign_name": "The name of a new campaign.",
    "makes_campaign": "Whether it makes a campaign.",
    "state": "Whether it is under way: `running`, `done` or `parked`.",
    "reason": "Why it is parked, or what it waits for.",
    "total": "All its leads.",
    "created_at": "When it was given.",
    "parked_at": "When it was parked.",
    "finished_at": "When the last lead had its end.",
    "pending": "Not sent yet, or not answered yet.",
    "accepted": "Taken by the dialer.",
    "rejected": "Refused by the dialer.",
    "unknown": "Sent, and nobody can tell whether they were taken.",
    "attempted": "Accepted leads with a call.",
    "contacted": "Accepted leads with a call that has the flag `contact`.",
    "sold": "Accepted leads with a call that has the flag `sale`.",
    "closed": "Accepted leads with a call that has the flag `sale`, `dnc`, `not_interested` or `wrong_number`.",
    "called_within_5m": "Leads whose first call was at most 300 seconds after they were accepted.",
    "called_within_1h": "Leads whose first call was at most 3600 seconds after they were accepted.",
    "called_within_1d": "Leads whose first call was at most 86400 seconds after they were accepted.",
    "first_attempt_at": "When the first call to one of them was.",
    "first_contact_at": "When the first call with the flag `contact` was.",
}
OF_VIEWS = {
    "call_outcomes_v1": ("What became of each call attempt, of every dialer. Merged rows are left out.", OF_CALLS),
    "leads_v1": ("What became of each lead that was loaded, and of the calls to it.", OF_LEADS),
    "loads_v1": ("What became of each list of leads, and of the calls to them.", OF_LOADS),
}


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    words = WORDS[dialect]
    flagged = {name: words["flag"].format(name) for name in ("contact", *CLOSING)}
    closing = f"({' OR '.join(flagged[name] for name in CLOSING)})"
    kinds = {"contact": flagged["contact"], "sale": flagged["sale"], "closing": closing}
    ways = (way.format(second=words["second"]) for way in WAYS)
    calls = " UNION ".join(CALL.format(**kinds, way=way) for way in ways)
    ends = ("met.first_attempt_at", "lead.sent_at")
    seconds = words["seconds"].format(*(ends if dialect == "postgresql" else map(MICROS.format, ends)))
    op.execute(f"CREATE VIEW leads_v1 AS {LEADS.format(seconds=seconds, calls=calls)}")
    counts = ", ".join(f"coalesce(leads.{name}, 0) AS {name}" for name in COUNTS)
    sums = ", ".join(f"sum(CASE WHEN {condition} THEN 1 ELSE 0 END) AS {name}" for name, condition in COUNTS.items())
    op.execute(f"CREATE VIEW loads_v1 AS {LOADS.format(counts=counts, sums=sums)}")
    if dialect == "postgresql":
        for view, (said, columns) in OF_VIEWS.items():
            op.execute(f"COMMENT ON VIEW {view} IS {_quoted(said)}")
            for name, of_column in columns.items():
                op.execute(f"COMMENT ON COLUMN {view}.{name} IS {_quoted(of_column)}")


def downgrade() -> None:
    """Loses nothing but the views; grants on them are to be given again. Comments on call_outcomes_v1 stay."""
    op.execute("DROP VIEW loads_v1")
    op.execute("DROP VIEW leads_v1")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
