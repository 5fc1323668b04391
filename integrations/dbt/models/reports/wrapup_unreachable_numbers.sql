-- Which numbers are called again and again without a contact? Generated: python -m integrations.dbt.generate.
{% if target.type == 'duckdb' %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
meaning as (
SELECT coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS "all calls", coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.is_undecided) THEN 1 ELSE 0 END), 0) AS unmapped, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS disposed, coalesce(sum(CASE WHEN call_outcomes.is_undecided THEN 1 ELSE 0 END), 0) AS undecided, coalesce(sum(CASE WHEN (call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS told, coalesce(sum(CASE WHEN call_outcomes.is_unstated THEN 1 ELSE 0 END), 0) AS unstated 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL
),
found as (
SELECT unreachable.number, unreachable.attempts, unreachable.last AS last_outcome, unreachable.first_at, unreachable.last_at 
FROM (SELECT tried.number AS number, tried.attempts AS attempts, tried.last AS last, tried.first_at AS first_at, tried.last_at AS last_at 
FROM (SELECT call_outcomes.customer_number AS number, count(*) AS attempts, arg_max(call_outcomes.connect_outcome, ((CAST(epoch_us(call_outcomes.occurred_at) AS UHUGEINT) << 75) | (((CAST(call_outcomes.id AS UHUGEINT) >> 80) & 8796093022207) << 32) | (((CAST(call_outcomes.id AS UHUGEINT) >> 64) & 3) << 30) | ((CAST(call_outcomes.id AS UHUGEINT) >> 32) & 1073741823))) AS last, min(call_outcomes.occurred_at) AS first_at, max(call_outcomes.occurred_at) AS last_at 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND call_outcomes.is_final IS true AND call_outcomes.customer_number IS NOT NULL AND coalesce(call_outcomes.direction, 'outbound') = 'outbound' GROUP BY call_outcomes.customer_number 
HAVING count(*) >= 5) AS tried LEFT OUTER JOIN (SELECT DISTINCT call_outcomes.customer_number AS customer_number 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND call_outcomes.customer_number IS NOT NULL AND contains(call_outcomes.flags, '"' || CAST('contact' AS VARCHAR) || '"')) AS reached ON reached.customer_number = tried.number 
WHERE reached.customer_number IS NULL) AS unreachable
)
select * from found where not exists (select 1 from meaning where "all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told")
{% else %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
meaning as (
SELECT coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS "all calls", coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.is_undecided) THEN 1 ELSE 0 END), 0) AS unmapped, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS disposed, coalesce(sum(CASE WHEN call_outcomes.is_undecided THEN 1 ELSE 0 END), 0) AS undecided, coalesce(sum(CASE WHEN (call_outcomes.disposition IS NOT NULL) THEN 1 ELSE 0 END), 0) AS told, coalesce(sum(CASE WHEN call_outcomes.is_unstated THEN 1 ELSE 0 END), 0) AS unstated 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL
),
found as (
SELECT unreachable.number, unreachable.attempts, unreachable.last AS last_outcome, unreachable.first_at, unreachable.last_at 
FROM (SELECT tried.number AS number, tried.attempts AS attempts, tried.last AS last, tried.first_at AS first_at, tried.last_at AS last_at 
FROM (SELECT call_outcomes.customer_number AS number, count(*) AS attempts, substr(max((lpad(CAST(CAST(round(date_part('epoch', call_outcomes.occurred_at) * 1000000) AS BIGINT) AS TEXT), 16, '0') || CAST(call_outcomes.id AS TEXT) COLLATE "C") || call_outcomes.connect_outcome), 53) AS last, min(call_outcomes.occurred_at) AS first_at, max(call_outcomes.occurred_at) AS last_at 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND call_outcomes.is_final IS true AND call_outcomes.customer_number IS NOT NULL AND coalesce(call_outcomes.direction, 'outbound') = 'outbound' GROUP BY call_outcomes.customer_number 
HAVING count(*) >= 5) AS tried LEFT OUTER JOIN (SELECT DISTINCT call_outcomes.customer_number AS customer_number 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND call_outcomes.customer_number IS NOT NULL AND (call_outcomes.flags ? CAST('contact' AS TEXT))) AS reached ON reached.customer_number = tried.number 
WHERE reached.customer_number IS NULL) AS unreachable
)
select * from found where not exists (select 1 from meaning where "all calls" > 0 and "unstated" = "all calls" or "unmapped" > 0 and "unmapped" = "disposed" or "undecided" > 0 and "undecided" = "told")
{% endif %}
