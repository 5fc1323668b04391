-- Which share of calls reaches somebody? Generated: python -m integrations.dbt.generate.
{% if target.type == 'duckdb' %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT (call_outcomes.local_seconds // 86400) AS k0_0, coalesce(sum(CASE WHEN (call_outcomes.is_final IS true) THEN 1 ELSE 0 END), 0) AS final, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected') THEN 1 ELSE 0 END), 0) AS connected 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1
)
select
    date '1970-01-01' + cast("k0_0" as integer) as day,
    "final" as final,
    "connected" as connected,
    round(cast("connected" as numeric) / nullif("final", 0), 4) as connect_rate
from counted
{% else %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT call_outcomes.local_seconds / 86400 AS k0_0, coalesce(sum(CASE WHEN (call_outcomes.is_final IS true) THEN 1 ELSE 0 END), 0) AS final, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected') THEN 1 ELSE 0 END), 0) AS connected 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1
)
select
    date '1970-01-01' + cast("k0_0" as integer) as day,
    "final" as final,
    "connected" as connected,
    round(cast("connected" as numeric) / nullif("final", 0), 4) as connect_rate
from counted
{% endif %}
