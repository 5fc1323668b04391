-- How many calls were there? Generated: python -m integrations.dbt.generate.
{% if target.type == 'duckdb' %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT (call_outcomes.local_seconds // 86400) AS k0_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS attempts 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1
)
select
    date '1970-01-01' + cast("k0_0" as integer) as day,
    "attempts" as attempts
from counted
{% else %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT call_outcomes.local_seconds / 86400 AS k0_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS attempts 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1
)
select
    date '1970-01-01' + cast("k0_0" as integer) as day,
    "attempts" as attempts
from counted
{% endif %}
