-- How often was each lead called? Generated: python -m integrations.dbt.generate.
{% if target.type == 'duckdb' %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT (call_outcomes.local_seconds // 86400) AS k0_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS attempts, coalesce(sum(CASE WHEN (coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) IS NULL) THEN 1 ELSE 0 END), 0) AS without_lead, coalesce(sum(CASE WHEN (coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) IS NOT NULL) THEN 1 ELSE 0 END), 0) AS with_lead, count(DISTINCT CASE WHEN (coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) IS NOT NULL) THEN coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) END) AS leads 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1
)
select
    date '1970-01-01' + cast("k0_0" as integer) as day,
    "attempts" as attempts,
    "without_lead" as without_lead,
    "leads" as leads,
    round(cast("with_lead" as numeric) / nullif("leads", 0), 4) as attempts_per_lead
from counted
{% else %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT call_outcomes.local_seconds / 86400 AS k0_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS attempts, coalesce(sum(CASE WHEN (coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) IS NULL) THEN 1 ELSE 0 END), 0) AS without_lead, coalesce(sum(CASE WHEN (coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) IS NOT NULL) THEN 1 ELSE 0 END), 0) AS with_lead, count(DISTINCT CASE WHEN (coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) IS NOT NULL) THEN coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) END) AS leads 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1
)
select
    date '1970-01-01' + cast("k0_0" as integer) as day,
    "attempts" as attempts,
    "without_lead" as without_lead,
    "leads" as leads,
    round(cast("with_lead" as numeric) / nullif("leads", 0), 4) as attempts_per_lead
from counted
{% endif %}
