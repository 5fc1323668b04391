-- Which share of calls, of conversations and of leads reaches the person who was wanted? Generated: python -m integrations.dbt.generate.
{% if target.type == 'duckdb' %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT (call_outcomes.local_seconds // 86400) AS k0_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS "all calls", coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.is_undecided) THEN 1 ELSE 0 END), 0) AS unmapped, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS disposed, coalesce(sum(CASE WHEN call_outcomes.is_undecided THEN 1 ELSE 0 END), 0) AS undecided, coalesce(sum(CASE WHEN (call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS told, coalesce(sum(CASE WHEN call_outcomes.is_unstated THEN 1 ELSE 0 END), 0) AS unstated, coalesce(sum(CASE WHEN contains(call_outcomes.flags, '"' || CAST('contact' AS VARCHAR) || '"') THEN 1 ELSE 0 END), 0) AS contacts, coalesce(sum(CASE WHEN (call_outcomes.is_final IS true) THEN 1 ELSE 0 END), 0) AS final, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected') THEN 1 ELSE 0 END), 0) AS connected, count(DISTINCT CASE WHEN contains(call_outcomes.flags, '"' || CAST('contact' AS VARCHAR) || '"') THEN coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) END) AS contacted, count(DISTINCT CASE WHEN (coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) IS NOT NULL) THEN coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) END) AS leads 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1
)
select
    date '1970-01-01' + cast("k0_0" as integer) as day,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then "contacts" end as contacts,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then round(cast("contacts" as numeric) / nullif("final", 0), 4) end as per_call,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then round(cast("contacts" as numeric) / nullif("connected", 0), 4) end as per_conversation,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then round(cast("contacted" as numeric) / nullif("leads", 0), 4) end as per_lead,
    round(cast("unmapped" as numeric) / nullif("disposed", 0), 4) as unmapped_share
from counted
{% else %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT call_outcomes.local_seconds / 86400 AS k0_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS "all calls", coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.is_undecided) THEN 1 ELSE 0 END), 0) AS unmapped, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS disposed, coalesce(sum(CASE WHEN call_outcomes.is_undecided THEN 1 ELSE 0 END), 0) AS undecided, coalesce(sum(CASE WHEN (call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS told, coalesce(sum(CASE WHEN call_outcomes.is_unstated THEN 1 ELSE 0 END), 0) AS unstated, coalesce(sum(CASE WHEN (call_outcomes.flags ? CAST('contact' AS TEXT)) THEN 1 ELSE 0 END), 0) AS contacts, coalesce(sum(CASE WHEN (call_outcomes.is_final IS true) THEN 1 ELSE 0 END), 0) AS final, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected') THEN 1 ELSE 0 END), 0) AS connected, count(DISTINCT CASE WHEN (call_outcomes.flags ? CAST('contact' AS TEXT)) THEN coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) END) AS contacted, count(DISTINCT CASE WHEN (coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) IS NOT NULL) THEN coalesce(call_outcomes.connection || '/lead/' || call_outcomes.lead_id, call_outcomes.connection || '/number/' || call_outcomes.customer_number) END) AS leads 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1
)
select
    date '1970-01-01' + cast("k0_0" as integer) as day,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then "contacts" end as contacts,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then round(cast("contacts" as numeric) / nullif("final", 0), 4) end as per_call,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then round(cast("contacts" as numeric) / nullif("connected", 0), 4) end as per_conversation,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then round(cast("contacted" as numeric) / nullif("leads", 0), 4) end as per_lead,
    round(cast("unmapped" as numeric) / nullif("disposed", 0), 4) as unmapped_share
from counted
{% endif %}
