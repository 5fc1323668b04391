-- How many attempts does it take to reach a lead, and how many were made to those that never were reached? Generated: python -m integrations.dbt.generate.
{% if target.type == 'duckdb' %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
meaning as (
SELECT coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS "all calls", coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.is_undecided) THEN 1 ELSE 0 END), 0) AS unmapped, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS disposed, coalesce(sum(CASE WHEN call_outcomes.is_undecided THEN 1 ELSE 0 END), 0) AS undecided, coalesce(sum(CASE WHEN (call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS told, coalesce(sum(CASE WHEN call_outcomes.is_unstated THEN 1 ELSE 0 END), 0) AS unstated 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL
),
counted as (
WITH history AS 
(SELECT calls_of_leads.lead AS lead, count(*) AS attempts, min(calls_of_leads.place) AS first, min(CASE WHEN calls_of_leads.contact THEN calls_of_leads.place END) AS contact 
FROM (SELECT coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) AS lead, ((CAST(epoch_us(call_outcomes.occurred_at) AS UHUGEINT) << 75) | (((CAST(call_outcomes.id AS UHUGEINT) >> 80) & 8796093022207) << 32) | (((CAST(call_outcomes.id AS UHUGEINT) >> 64) & 3) << 30) | ((CAST(call_outcomes.id AS UHUGEINT) >> 32) & 1073741823)) AS place, contains(call_outcomes.flags, '"' || CAST('contact' AS VARCHAR) || '"') AS contact, CASE WHEN (call_outcomes.merged_into IS NULL) THEN 1 ELSE 0 END AS matches 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) IS NOT NULL) AS calls_of_leads GROUP BY calls_of_leads.lead), 
first_contacts AS 
(SELECT calls_until_contact.lead AS lead, count(*) AS attempt 
FROM (SELECT history.lead AS lead 
FROM call_outcomes JOIN history ON history.lead = coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) 
WHERE call_outcomes.merged_into IS NULL AND history.contact != history.first AND ((CAST(epoch_us(call_outcomes.occurred_at) AS UHUGEINT) << 75) | (((CAST(call_outcomes.id AS UHUGEINT) >> 80) & 8796093022207) << 32) | (((CAST(call_outcomes.id AS UHUGEINT) >> 64) & 3) << 30) | ((CAST(call_outcomes.id AS UHUGEINT) >> 32) & 1073741823)) <= history.contact) AS calls_until_contact GROUP BY calls_until_contact.lead)
 SELECT history.contact IS NULL AS k0_0, CASE WHEN (history.first = history.contact) THEN 1 ELSE coalesce(first_contacts.attempt, history.attempts) END AS k1_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS leads 
FROM history LEFT OUTER JOIN first_contacts ON first_contacts.lead = history.lead GROUP BY 1, 2
)
select
    "k0_0" as never,
    "k1_0" as attempt,
    "leads" as leads
from counted
where not exists (select 1 from meaning where "all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told")
{% else %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
meaning as (
SELECT coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS "all calls", coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.is_undecided) THEN 1 ELSE 0 END), 0) AS unmapped, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS disposed, coalesce(sum(CASE WHEN call_outcomes.is_undecided THEN 1 ELSE 0 END), 0) AS undecided, coalesce(sum(CASE WHEN (call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS told, coalesce(sum(CASE WHEN call_outcomes.is_unstated THEN 1 ELSE 0 END), 0) AS unstated 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL
),
counted as (
WITH history AS 
(SELECT calls_of_leads.lead AS lead, count(*) AS attempts, min(calls_of_leads.place) AS first, min(CASE WHEN calls_of_leads.contact THEN calls_of_leads.place END) AS contact 
FROM (SELECT coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) AS lead, (lpad(CAST(CAST(round(date_part('epoch', call_outcomes.occurred_at) * 1000000) AS BIGINT) AS TEXT), 16, '0') || CAST(call_outcomes.id AS TEXT) COLLATE "C") AS place, (call_outcomes.flags ? CAST('contact' AS TEXT)) AS contact, CASE WHEN (call_outcomes.merged_into IS NULL) THEN 1 ELSE 0 END AS matches 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) IS NOT NULL) AS calls_of_leads GROUP BY calls_of_leads.lead), 
first_contacts AS 
(SELECT calls_until_contact.lead AS lead, count(*) AS attempt 
FROM (SELECT history.lead AS lead 
FROM call_outcomes JOIN history ON history.lead = coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) 
WHERE call_outcomes.merged_into IS NULL AND history.contact != history.first AND (lpad(CAST(CAST(round(date_part('epoch', call_outcomes.occurred_at) * 1000000) AS BIGINT) AS TEXT), 16, '0') || CAST(call_outcomes.id AS TEXT) COLLATE "C") <= history.contact) AS calls_until_contact GROUP BY calls_until_contact.lead)
 SELECT history.contact IS NULL AS k0_0, CASE WHEN (history.first = history.contact) THEN 1 ELSE coalesce(first_contacts.attempt, history.attempts) END AS k1_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS leads 
FROM history LEFT OUTER JOIN first_contacts ON first_contacts.lead = history.lead GROUP BY 1, 2
)
select
    "k0_0" as never,
    "k1_0" as attempt,
    "leads" as leads
from counted
where not exists (select 1 from meaning where "all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told")
{% endif %}
