-- Which share of what answered was a machine? Generated: python -m integrations.dbt.generate.
{% if target.type == 'duckdb' %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT (call_outcomes.local_seconds // 86400) AS k0_0, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'voicemail') THEN 1 ELSE 0 END), 0) AS machines, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS "all calls", coalesce(sum(CASE WHEN call_outcomes.is_untold_voicemail THEN 1 ELSE 0 END), 0) AS untold, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' OR call_outcomes.connect_outcome = 'abandoned') THEN 1 ELSE 0 END), 0) AS live, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'voicemail' OR call_outcomes.connect_outcome = 'connected' OR call_outcomes.connect_outcome = 'abandoned') THEN 1 ELSE 0 END), 0) AS "that answered" 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1
)
select
    date '1970-01-01' + cast("k0_0" as integer) as day,
    case when not ("machines" = 0 and "all calls" > 0 and "untold" = "all calls") then "machines" end as machines,
    "live" as live,
    case when not ("machines" = 0 and "all calls" > 0 and "untold" = "all calls") then round(cast("machines" as numeric) / nullif("that answered", 0), 4) end as machine_rate
from counted
{% else %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT call_outcomes.local_seconds / 86400 AS k0_0, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'voicemail') THEN 1 ELSE 0 END), 0) AS machines, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS "all calls", coalesce(sum(CASE WHEN call_outcomes.is_untold_voicemail THEN 1 ELSE 0 END), 0) AS untold, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' OR call_outcomes.connect_outcome = 'abandoned') THEN 1 ELSE 0 END), 0) AS live, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'voicemail' OR call_outcomes.connect_outcome = 'connected' OR call_outcomes.connect_outcome = 'abandoned') THEN 1 ELSE 0 END), 0) AS "that answered" 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1
)
select
    date '1970-01-01' + cast("k0_0" as integer) as day,
    case when not ("machines" = 0 and "all calls" > 0 and "untold" = "all calls") then "machines" end as machines,
    "live" as live,
    case when not ("machines" = 0 and "all calls" > 0 and "untold" = "all calls") then round(cast("machines" as numeric) / nullif("that answered", 0), 4) end as machine_rate
from counted
{% endif %}
