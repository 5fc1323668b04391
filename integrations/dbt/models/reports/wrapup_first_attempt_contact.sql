-- Which share of leads is reached on the first attempt? Generated: python -m integrations.dbt.generate.
{% if target.type == 'duckdb' %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
WITH history AS 
(SELECT calls_of_leads.lead AS lead, count(*) AS attempts, min(calls_of_leads.place) AS first, min(CASE WHEN calls_of_leads.contact THEN calls_of_leads.place END) AS contact 
FROM (SELECT coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) AS lead, ((CAST(epoch_us(call_outcomes.occurred_at) AS UHUGEINT) << 75) | (((CAST(call_outcomes.id AS UHUGEINT) >> 80) & 8796093022207) << 32) | (((CAST(call_outcomes.id AS UHUGEINT) >> 64) & 3) << 30) | ((CAST(call_outcomes.id AS UHUGEINT) >> 32) & 1073741823)) AS place, contains(call_outcomes.flags, '"' || CAST('contact' AS VARCHAR) || '"') AS contact, CASE WHEN (call_outcomes.merged_into IS NULL) THEN 1 ELSE 0 END AS matches 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) IS NOT NULL) AS calls_of_leads GROUP BY calls_of_leads.lead)
 SELECT (call_outcomes.local_seconds // 86400) AS k0_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS "all calls", coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.is_undecided) THEN 1 ELSE 0 END), 0) AS unmapped, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS disposed, coalesce(sum(CASE WHEN call_outcomes.is_undecided THEN 1 ELSE 0 END), 0) AS undecided, coalesce(sum(CASE WHEN (call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS told, coalesce(sum(CASE WHEN call_outcomes.is_unstated THEN 1 ELSE 0 END), 0) AS unstated, count(DISTINCT CASE WHEN (coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) IS NOT NULL) THEN coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) END) AS leads, count(DISTINCT CASE WHEN CASE WHEN (history.first = history.contact) THEN true ELSE false END THEN coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) END) AS contacted_first 
FROM call_outcomes LEFT OUTER JOIN history ON history.lead = coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1
)
select
    date '1970-01-01' + cast("k0_0" as integer) as day,
    "leads" as leads,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then "contacted_first" end as contacted_first,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then round(cast("contacted_first" as numeric) / nullif("leads", 0), 4) end as rate
from counted
{% else %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
WITH history AS 
(SELECT calls_of_leads.lead AS lead, count(*) AS attempts, min(calls_of_leads.place) AS first, min(CASE WHEN calls_of_leads.contact THEN calls_of_leads.place END) AS contact 
FROM (SELECT coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) AS lead, (lpad(CAST(CAST(round(date_part('epoch', call_outcomes.occurred_at) * 1000000) AS BIGINT) AS TEXT), 16, '0') || CAST(call_outcomes.id AS TEXT) COLLATE "C") AS place, (call_outcomes.flags ? CAST('contact' AS TEXT)) AS contact, CASE WHEN (call_outcomes.merged_into IS NULL) THEN 1 ELSE 0 END AS matches 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) IS NOT NULL) AS calls_of_leads GROUP BY calls_of_leads.lead)
 SELECT call_outcomes.local_seconds / 86400 AS k0_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS "all calls", coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.is_undecided) THEN 1 ELSE 0 END), 0) AS unmapped, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS disposed, coalesce(sum(CASE WHEN call_outcomes.is_undecided THEN 1 ELSE 0 END), 0) AS undecided, coalesce(sum(CASE WHEN (call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS told, coalesce(sum(CASE WHEN call_outcomes.is_unstated THEN 1 ELSE 0 END), 0) AS unstated, count(DISTINCT CASE WHEN (coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) IS NOT NULL) THEN coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) END) AS leads, count(DISTINCT CASE WHEN CASE WHEN (history.first = history.contact) THEN true ELSE false END THEN coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) END) AS contacted_first 
FROM call_outcomes LEFT OUTER JOIN history ON history.lead = coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1
)
select
    date '1970-01-01' + cast("k0_0" as integer) as day,
    "leads" as leads,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then "contacted_first" end as contacted_first,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then round(cast("contacted_first" as numeric) / nullif("leads", 0), 4) end as rate
from counted
{% endif %}
