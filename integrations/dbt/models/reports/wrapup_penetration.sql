-- How much of what was loaded has been called? Generated: python -m integrations.dbt.generate.
{% if target.type == 'duckdb' %}
with loaded_leads as (select * from {{ ref('stg_leads') }}),
lead_loads as (select * from {{ ref('stg_loads') }}),
counted as (
WITH met AS 
(SELECT loaded_leads.id AS lead, loaded_leads.first_attempt_at AS first_at, loaded_leads.closed AS closed, loaded_leads.reached AS reached, loaded_leads.sold AS sold, loaded_leads.attempts AS calls, loaded_leads.disposed_attempts AS told, loaded_leads.unstated_attempts AS unstated, loaded_leads.unflagged_attempts AS undecided 
FROM loaded_leads 
WHERE loaded_leads.attempts > 0)
 SELECT loaded_leads.connection AS k0_0, lead_loads.campaign AS k1_0, CASE WHEN (lead_loads.campaign IS NULL) THEN lead_loads.name END AS k1_1, max(lead_loads.name) AS n1_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS loaded, coalesce(sum(CASE WHEN (met.first_at IS NOT NULL) THEN 1 ELSE 0 END), 0) AS attempted, coalesce(sum(CASE WHEN (met.closed = 1) THEN 1 ELSE 0 END), 0) AS closed, coalesce(sum(CASE WHEN (met.reached = 1) THEN 1 ELSE 0 END), 0) AS reached, coalesce(sum(CASE WHEN (met.sold = 1) THEN 1 ELSE 0 END), 0) AS sold, coalesce(sum(met.calls), 0) AS "all calls", coalesce(sum(met.told), 0) AS told, coalesce(sum(met.undecided), 0) AS undecided, coalesce(sum(met.unstated), 0) AS unstated 
FROM loaded_leads JOIN lead_loads ON lead_loads.id = loaded_leads.load_id LEFT OUTER JOIN met ON met.lead = loaded_leads.id 
WHERE loaded_leads.state = 'accepted' GROUP BY 1, 2, 3
)
select
    "k0_0" as connection,
    "k1_0" as campaign_id,
    coalesce("n1_0") as campaign_name,
    "loaded" as loaded,
    "attempted" as attempted,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "undecided" > 0 and "undecided" = "told") then "closed" end as closed,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "undecided" > 0 and "undecided" = "told") then "reached" end as reached,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "undecided" > 0 and "undecided" = "told") then "sold" end as sold,
    round(cast("attempted" as numeric) / nullif("loaded", 0), 4) as penetration
from counted
{% else %}
with loaded_leads as (select * from {{ ref('stg_leads') }}),
lead_loads as (select * from {{ ref('stg_loads') }}),
counted as (
WITH met AS 
(SELECT loaded_leads.id AS lead, loaded_leads.first_attempt_at AS first_at, loaded_leads.closed AS closed, loaded_leads.reached AS reached, loaded_leads.sold AS sold, loaded_leads.attempts AS calls, loaded_leads.disposed_attempts AS told, loaded_leads.unstated_attempts AS unstated, loaded_leads.unflagged_attempts AS undecided 
FROM loaded_leads 
WHERE loaded_leads.attempts > 0)
 SELECT loaded_leads.connection AS k0_0, lead_loads.campaign AS k1_0, CASE WHEN (lead_loads.campaign IS NULL) THEN lead_loads.name END AS k1_1, max(lead_loads.name) AS n1_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS loaded, coalesce(sum(CASE WHEN (met.first_at IS NOT NULL) THEN 1 ELSE 0 END), 0) AS attempted, coalesce(sum(CASE WHEN (met.closed = 1) THEN 1 ELSE 0 END), 0) AS closed, coalesce(sum(CASE WHEN (met.reached = 1) THEN 1 ELSE 0 END), 0) AS reached, coalesce(sum(CASE WHEN (met.sold = 1) THEN 1 ELSE 0 END), 0) AS sold, coalesce(sum(met.calls), 0) AS "all calls", coalesce(sum(met.told), 0) AS told, coalesce(sum(met.undecided), 0) AS undecided, coalesce(sum(met.unstated), 0) AS unstated 
FROM loaded_leads JOIN lead_loads ON lead_loads.id = loaded_leads.load_id LEFT OUTER JOIN met ON met.lead = loaded_leads.id 
WHERE loaded_leads.state = 'accepted' GROUP BY 1, 2, 3
)
select
    "k0_0" as connection,
    "k1_0" as campaign_id,
    coalesce("n1_0") as campaign_name,
    "loaded" as loaded,
    "attempted" as attempted,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "undecided" > 0 and "undecided" = "told") then "closed" end as closed,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "undecided" > 0 and "undecided" = "told") then "reached" end as reached,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "undecided" > 0 and "undecided" = "told") then "sold" end as sold,
    round(cast("attempted" as numeric) / nullif("loaded", 0), 4) as penetration
from counted
{% endif %}
