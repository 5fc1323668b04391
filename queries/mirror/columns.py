"""The columns of the mirror: those of the table that any reader sees, under the same names, and how they come out of a database
as CSV and into Parquet; and what is worked out of them once, when they arrive, instead of at each question."""

MONTH = "strftime(occurred_at, '%Y-%m')"
NULL = "\\N"  # what is written for an absent fact; a text that reads so stands in quotes
POSTGRESQL = "postgresql"

# What any reader sees (``models.shown``), and what one report asks besides; written out like the types of ``CallOutcome``, for a
# process that answers needs nothing of SQLAlchemy, which would take 28 MB and a quarter of a second. A test compares them.
COLUMNS = (
    "id connection dialer call_id attempt_id lead_id campaign_id campaign_name queue_id queue_name direction customer_number "
    "customer_number_raw customer_name caller_number agent_id agent_name agent_username agent_email agent_number "
    "agent_extension connect_outcome answered_by disposition disposition_parent flags settling is_final status_raw "
    "hangup_cause lead_status created_at started_at answered_at ended_at disposed_at callback_at ring_seconds talk_seconds "
    "duration_seconds talk_source duration_source occurred_at recording_url notes custom_fields crm_reference sources "
    "merged_into revision position first_seen_at corrected_at changed_at stood_connect_outcome stood_contact"
).split()
_OTHERS = {
    **dict.fromkeys(("id", "merged_into"), "UUID"),
    **dict.fromkeys(("is_final", "stood_contact"), "BOOLEAN"),
    **dict.fromkeys(("ring_seconds", "talk_seconds", "duration_seconds", "revision", "position"), "BIGINT"),
    **{name: "TIMESTAMP" for name in COLUMNS if name.endswith("_at")},
}
TYPES: dict[str, str] = {name: _OTHERS.get(name, "VARCHAR") for name in COLUMNS}
# The twins of ``facts.CONVERSATION``, ``WRAP`` and ``HANDLING``.
MADE = {
    "wrap_seconds": (
        "BIGINT",
        "CASE WHEN disposed_at >= ended_at AND disposed_at < ended_at + INTERVAL 1 HOUR "
        "THEN (epoch_us(disposed_at) - epoch_us(ended_at)) // 1000000 END",
    ),
    "conversation_seconds": ("BIGINT", "CASE WHEN connect_outcome = 'connected' THEN talk_seconds END"),
    "handling_seconds": ("BIGINT", "conversation_seconds + wrap_seconds"),
}
KINDS = TYPES | {name: kind for name, (kind, _) in MADE.items()}
# To count rows, DuckDB reads the first column: a small one.
NAMES = ", ".join(sorted(KINDS, key=lambda name: name != "is_final"))


def selected(dialect: str) -> str:
    """The columns as a database writes them, each as DuckDB reads its type. Times are of UTC."""
    return ", ".join(_written(name, dialect) for name in COLUMNS)


def _written(name: str, dialect: str) -> str:
    if TYPES[name] == "TIMESTAMP" and dialect == POSTGRESQL:
        return f"timezone('UTC', {name})"
    return name


def made_of(table: str) -> str:
    """DuckDB's table of a table's rows, as the mirror has them."""
    made = ", ".join(f"{how} AS {name}" for name, (_, how) in MADE.items())
    return f"(SELECT {NAMES} FROM (SELECT *, {made} FROM {table}))"


def read_csv(path: str) -> str:
    """DuckDB's table of such a file."""
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items())
    return made_of(
        f"read_csv('{quoted(path)}', columns={{{columns}}}, auto_detect=false, header=false, delim=',', quote='\"', escape='\"', "
        f"new_line='\\n', nullstr='{NULL}', allow_quoted_nulls=false, max_line_size=67108864, parallel=false)"
    )


def quoted(text: str) -> str:
    """As it stands between the quotes of SQL."""
    return text.replace("'", "''")
