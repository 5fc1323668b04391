"""The columns of the mirror: those of the table that any reader sees, under the same names, and how they come out of a database
as CSV and into Parquet."""

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
NAMES = ", ".join(COLUMNS)


def selected(dialect: str) -> str:
    """The columns as a database writes them, each as DuckDB reads its type. Times are of UTC."""
    return ", ".join(_written(name, dialect) for name in COLUMNS)


def _written(name: str, dialect: str) -> str:
    if TYPES[name] == "TIMESTAMP" and dialect == POSTGRESQL:
        return f"timezone('UTC', {name})"
    return name


def read_csv(path: str) -> str:
    """DuckDB's table of such a file."""
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items())
    return (
        f"read_csv('{quoted(path)}', columns={{{columns}}}, auto_detect=false, header=false, delim=',', quote='\"', escape='\"', "
        f"new_line='\\n', nullstr='{NULL}', allow_quoted_nulls=false, max_line_size=67108864, parallel=false)"
    )


def quoted(text: str) -> str:
    """As it stands between the quotes of SQL."""
    return text.replace("'", "''")
