-- On which weekday and at which hour do people answer? Generated: python -m integrations.dbt.generate.
{% if target.type == 'duckdb' %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT ((call_outcomes.local_seconds // 86400) + 3) % 7 + 1 AS k0_0, ((call_outcomes.local_seconds % 86400) // 3600) AS k1_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS "all calls", coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.is_undecided) THEN 1 ELSE 0 END), 0) AS unmapped, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS disposed, coalesce(sum(CASE WHEN call_outcomes.is_undecided THEN 1 ELSE 0 END), 0) AS undecided, coalesce(sum(CASE WHEN (call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS told, coalesce(sum(CASE WHEN call_outcomes.is_unstated THEN 1 ELSE 0 END), 0) AS unstated, coalesce(sum(CASE WHEN (call_outcomes.is_final IS true) THEN 1 ELSE 0 END), 0) AS final, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected') THEN 1 ELSE 0 END), 0) AS connected, coalesce(sum(CASE WHEN contains(call_outcomes.flags, '"' || CAST('contact' AS VARCHAR) || '"') THEN 1 ELSE 0 END), 0) AS contacts 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1, 2
)
select
    "k0_0" as weekday,
    "k1_0" as hour,
    "final" as final,
    "connected" as connected,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then "contacts" end as contacts,
    case when "final" >= 30 then round(cast("connected" as numeric) / nullif("final", 0), 4) end as connect_rate,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then case when "final" >= 30 then round(cast("contacts" as numeric) / nullif("final", 0), 4) end end as contact_rate
from counted
{% else %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT (call_outcomes.local_seconds / 86400 + 3) % 7 + 1 AS k0_0, (call_outcomes.local_seconds % 86400) / 3600 AS k1_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS "all calls", coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.is_undecided) THEN 1 ELSE 0 END), 0) AS unmapped, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS disposed, coalesce(sum(CASE WHEN call_outcomes.is_undecided THEN 1 ELSE 0 END), 0) AS undecided, coalesce(sum(CASE WHEN (call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS told, coalesce(sum(CASE WHEN call_outcomes.is_unstated THEN 1 ELSE 0 END), 0) AS unstated, coalesce(sum(CASE WHEN (call_outcomes.is_final IS true) THEN 1 ELSE 0 END), 0) AS final, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected') THEN 1 ELSE 0 END), 0) AS connected, coalesce(sum(CASE WHEN (call_outcomes.flags ? CAST('contact' AS TEXT)) THEN 1 ELSE 0 END), 0) AS contacts 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1, 2
)
select
    "k0_0" as weekday,
    "k1_0" as hour,
    "final" as final,
    "connected" as connected,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then "contacts" end as contacts,
    case when "final" >= 30 then round(cast("connected" as numeric) / nullif("final", 0), 4) end as connect_rate,
    case when not ("all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told") then case when "final" >= 30 then round(cast("contacts" as numeric) / nullif("final", 0), 4) end end as contact_rate
from counted
{% endif %}
