-- How much of what is shown may still change, and how much has changed since the day after the calls? Generated: python -m integrations.dbt.generate.
{% if target.type == 'duckdb' %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT (call_outcomes.local_seconds // 86400) AS k0_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS "all calls", coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.is_undecided) THEN 1 ELSE 0 END), 0) AS unmapped, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS disposed, coalesce(sum(CASE WHEN call_outcomes.is_undecided THEN 1 ELSE 0 END), 0) AS undecided, coalesce(sum(CASE WHEN (call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS told, coalesce(sum(CASE WHEN call_outcomes.is_unstated THEN 1 ELSE 0 END), 0) AS unstated, coalesce(sum(CASE WHEN (call_outcomes.settling = 'provisional') THEN 1 ELSE 0 END), 0) AS provisional, coalesce(sum(CASE WHEN (call_outcomes.settling = 'awaiting_disposition') THEN 1 ELSE 0 END), 0) AS awaiting, coalesce(sum(CASE WHEN (call_outcomes.settling = 'provisional' OR call_outcomes.settling = 'awaiting_disposition') THEN 1 ELSE 0 END), 0) AS moving, coalesce(sum(CASE WHEN (epoch_us(call_outcomes.changed_at) - epoch_us(call_outcomes.occurred_at) > 86400000000 AND call_outcomes.stood_connect_outcome IS NULL) THEN 1 ELSE 0 END), 0) AS "not kept", coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected') THEN 1 ELSE 0 END), 0) AS now_connected, coalesce(sum(CASE WHEN contains(call_outcomes.flags, '"' || CAST('contact' AS VARCHAR) || '"') THEN 1 ELSE 0 END), 0) AS now_contacts 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1
)
select
    date '1970-01-01' + cast("k0_0" as integer) as day,
    "provisional" as provisional,
    "awaiting" as awaiting,
    round(cast("moving" as numeric) / nullif("all calls", 0), 4) as share,
    "now_connected" as now_connected,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then "now_contacts" end as now_contacts
from counted
{% else %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT call_outcomes.local_seconds / 86400 AS k0_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS "all calls", coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.is_undecided) THEN 1 ELSE 0 END), 0) AS unmapped, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS disposed, coalesce(sum(CASE WHEN call_outcomes.is_undecided THEN 1 ELSE 0 END), 0) AS undecided, coalesce(sum(CASE WHEN (call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS told, coalesce(sum(CASE WHEN call_outcomes.is_unstated THEN 1 ELSE 0 END), 0) AS unstated, coalesce(sum(CASE WHEN (call_outcomes.settling = 'provisional') THEN 1 ELSE 0 END), 0) AS provisional, coalesce(sum(CASE WHEN (call_outcomes.settling = 'awaiting_disposition') THEN 1 ELSE 0 END), 0) AS awaiting, coalesce(sum(CASE WHEN (call_outcomes.settling = 'provisional' OR call_outcomes.settling = 'awaiting_disposition') THEN 1 ELSE 0 END), 0) AS moving, coalesce(sum(CASE WHEN (CAST(round(date_part('epoch', call_outcomes.changed_at) * 1000000) AS BIGINT) - CAST(round(date_part('epoch', call_outcomes.occurred_at) * 1000000) AS BIGINT) > 86400000000 AND call_outcomes.stood_connect_outcome IS NULL) THEN 1 ELSE 0 END), 0) AS "not kept", coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected') THEN 1 ELSE 0 END), 0) AS now_connected, coalesce(sum(CASE WHEN (call_outcomes.flags ? CAST('contact' AS TEXT)) THEN 1 ELSE 0 END), 0) AS now_contacts 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1
)
select
    date '1970-01-01' + cast("k0_0" as integer) as day,
    "provisional" as provisional,
    "awaiting" as awaiting,
    round(cast("moving" as numeric) / nullif("all calls", 0), 4) as share,
    "now_connected" as now_connected,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then "now_contacts" end as now_contacts
from counted
{% endif %}
