-- Which share of the people who answered found nobody there, in the time asked about or, where that is longer, in its last 30 days? Generated: python -m integrations.dbt.generate.
{% if target.type == 'duckdb' %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT call_outcomes.campaign_id AS k0_0, CASE WHEN (call_outcomes.campaign_id IS NULL) THEN call_outcomes.campaign_name END AS k0_1, max(call_outcomes.campaign_name) AS n0_0, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'abandoned') THEN 1 ELSE 0 END), 0) AS abandoned, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS "all calls", coalesce(sum(CASE WHEN call_outcomes.is_untold_abandoned THEN 1 ELSE 0 END), 0) AS untold, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND coalesce(call_outcomes.answered_by IN ('machine', 'fax'), false) IS false) THEN 1 ELSE 0 END), 0) AS humans, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND coalesce(call_outcomes.answered_by IN ('machine', 'fax'), false) IS false OR call_outcomes.connect_outcome = 'abandoned') THEN 1 ELSE 0 END), 0) AS "answered by people", coalesce(sum(CASE WHEN (call_outcomes.is_final IS true) THEN 1 ELSE 0 END), 0) AS final 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND call_outcomes.occurred_at >= ({{ wrapup_now() }} - interval '30 days') AND call_outcomes.occurred_at < {{ wrapup_now() }} GROUP BY 1, 2
),
rates as (
select
    "k0_0" as campaign_id,
    coalesce("n0_0") as campaign_name,
    case when not ("abandoned" = 0 and "all calls" > 0 and "untold" = "all calls") then "abandoned" end as abandoned,
    "humans" as humans,
    case when not ("abandoned" = 0 and "all calls" > 0 and "untold" = "all calls") then round(cast("abandoned" as numeric) / nullif("answered by people", 0), 4) end as abandon_rate,
    case when not ("abandoned" = 0 and "all calls" > 0 and "untold" = "all calls") then round(cast("abandoned" as numeric) / nullif("final", 0), 4) end as of_final
from counted
)
select
    *, 0.03 as "limit",
    case when abandon_rate is null then null when abandoned > 0.03 * (humans + abandoned) then 'over' when 6 * abandoned >= 5 * 0.03 * (humans + abandoned) then 'near' else 'ok' end as state
from rates
{% else %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT call_outcomes.campaign_id AS k0_0, CASE WHEN (call_outcomes.campaign_id IS NULL) THEN call_outcomes.campaign_name END AS k0_1, max(call_outcomes.campaign_name) AS n0_0, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'abandoned') THEN 1 ELSE 0 END), 0) AS abandoned, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS "all calls", coalesce(sum(CASE WHEN call_outcomes.is_untold_abandoned THEN 1 ELSE 0 END), 0) AS untold, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND coalesce(call_outcomes.answered_by IN ('machine', 'fax'), false) IS false) THEN 1 ELSE 0 END), 0) AS humans, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND coalesce(call_outcomes.answered_by IN ('machine', 'fax'), false) IS false OR call_outcomes.connect_outcome = 'abandoned') THEN 1 ELSE 0 END), 0) AS "answered by people", coalesce(sum(CASE WHEN (call_outcomes.is_final IS true) THEN 1 ELSE 0 END), 0) AS final 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND call_outcomes.occurred_at >= ({{ wrapup_now() }} - interval '30 days') AND call_outcomes.occurred_at < {{ wrapup_now() }} GROUP BY 1, 2
),
rates as (
select
    "k0_0" as campaign_id,
    coalesce("n0_0") as campaign_name,
    case when not ("abandoned" = 0 and "all calls" > 0 and "untold" = "all calls") then "abandoned" end as abandoned,
    "humans" as humans,
    case when not ("abandoned" = 0 and "all calls" > 0 and "untold" = "all calls") then round(cast("abandoned" as numeric) / nullif("answered by people", 0), 4) end as abandon_rate,
    case when not ("abandoned" = 0 and "all calls" > 0 and "untold" = "all calls") then round(cast("abandoned" as numeric) / nullif("final", 0), 4) end as of_final
from counted
)
select
    *, 0.03 as "limit",
    case when abandon_rate is null then null when abandoned > 0.03 * (humans + abandoned) then 'over' when 6 * abandoned >= 5 * 0.03 * (humans + abandoned) then 'near' else 'ok' end as state
from rates
{% endif %}
