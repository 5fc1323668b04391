-- Which calls should not have been made? Generated: python -m integrations.dbt.generate.
{% if target.type == 'duckdb' %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
found as (
select * from (
SELECT 'after_dnc' AS rule, call_outcomes.occurred_at AS occurred_at, call_outcomes.id AS id, call_outcomes.connection AS connection, call_outcomes.customer_number AS number, call_outcomes.campaign_id AS campaign_id, call_outcomes.campaign_name AS campaign_name, coalesce(call_outcomes.agent_id, call_outcomes.agent_username, call_outcomes.agent_name, call_outcomes.agent_number, call_outcomes.agent_extension, call_outcomes.agent_email) AS agent, coalesce(call_outcomes.agent_name, call_outcomes.agent_username) AS agent_name 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND coalesce(call_outcomes.direction, 'outbound') = 'outbound' AND call_outcomes.customer_number IS NOT NULL AND call_outcomes.id IN (SELECT call_outcomes.id 
FROM call_outcomes JOIN (SELECT call_outcomes.customer_number AS number, min(((CAST(epoch_us(call_outcomes.occurred_at) AS UHUGEINT) << 75) | (((CAST(call_outcomes.id AS UHUGEINT) >> 80) & 8796093022207) << 32) | (((CAST(call_outcomes.id AS UHUGEINT) >> 64) & 3) << 30) | ((CAST(call_outcomes.id AS UHUGEINT) >> 32) & 1073741823))) AS first 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND call_outcomes.customer_number IS NOT NULL AND contains(call_outcomes.flags, '"' || CAST('dnc' AS VARCHAR) || '"') GROUP BY call_outcomes.customer_number) AS asked_not_to ON asked_not_to.number = call_outcomes.customer_number 
WHERE call_outcomes.merged_into IS NULL AND coalesce(call_outcomes.direction, 'outbound') = 'outbound' AND call_outcomes.customer_number IS NOT NULL AND ((CAST(epoch_us(call_outcomes.occurred_at) AS UHUGEINT) << 75) | (((CAST(call_outcomes.id AS UHUGEINT) >> 80) & 8796093022207) << 32) | (((CAST(call_outcomes.id AS UHUGEINT) >> 64) & 3) << 30) | ((CAST(call_outcomes.id AS UHUGEINT) >> 32) & 1073741823)) > asked_not_to.first)
) as after_dnc
union all
select * from (
SELECT 'out_of_hours' AS rule, call_outcomes.occurred_at AS occurred_at, call_outcomes.id AS id, call_outcomes.connection AS connection, call_outcomes.customer_number AS number, call_outcomes.campaign_id AS campaign_id, call_outcomes.campaign_name AS campaign_name, coalesce(call_outcomes.agent_id, call_outcomes.agent_username, call_outcomes.agent_name, call_outcomes.agent_number, call_outcomes.agent_extension, call_outcomes.agent_email) AS agent, coalesce(call_outcomes.agent_name, call_outcomes.agent_username) AS agent_name 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND coalesce(call_outcomes.direction, 'outbound') = 'outbound' AND call_outcomes.customer_number IS NOT NULL AND (((call_outcomes.customer_seconds % 86400) // 3600) < 8 OR ((call_outcomes.customer_seconds % 86400) // 3600) >= 21)
) as out_of_hours
union all
select * from (
SELECT 'too_often' AS rule, call_outcomes.occurred_at AS occurred_at, call_outcomes.id AS id, call_outcomes.connection AS connection, call_outcomes.customer_number AS number, call_outcomes.campaign_id AS campaign_id, call_outcomes.campaign_name AS campaign_name, coalesce(call_outcomes.agent_id, call_outcomes.agent_username, call_outcomes.agent_name, call_outcomes.agent_number, call_outcomes.agent_extension, call_outcomes.agent_email) AS agent, coalesce(call_outcomes.agent_name, call_outcomes.agent_username) AS agent_name 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND coalesce(call_outcomes.direction, 'outbound') = 'outbound' AND call_outcomes.customer_number IS NOT NULL AND call_outcomes.id IN (SELECT of_number.id 
FROM (SELECT call_outcomes.id AS id, call_outcomes.occurred_at AS at, lag(call_outcomes.occurred_at, 7) OVER (PARTITION BY call_outcomes.customer_number ORDER BY call_outcomes.occurred_at, call_outcomes.id) AS before 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND coalesce(call_outcomes.direction, 'outbound') = 'outbound' AND call_outcomes.customer_number IS NOT NULL AND call_outcomes.customer_number IN (SELECT call_outcomes.customer_number 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND coalesce(call_outcomes.direction, 'outbound') = 'outbound' AND call_outcomes.customer_number IS NOT NULL GROUP BY call_outcomes.customer_number 
HAVING count(*) > 7)) AS of_number 
WHERE epoch_us(of_number.at) - epoch_us(of_number.before) < 604800000000)
) as too_often
)
select * from found
{% else %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
found as (
select * from (
SELECT 'after_dnc' AS rule, call_outcomes.occurred_at AS occurred_at, call_outcomes.id AS id, call_outcomes.connection AS connection, call_outcomes.customer_number AS number, call_outcomes.campaign_id AS campaign_id, call_outcomes.campaign_name AS campaign_name, coalesce(call_outcomes.agent_id, call_outcomes.agent_username, call_outcomes.agent_name, call_outcomes.agent_number, call_outcomes.agent_extension, call_outcomes.agent_email) AS agent, coalesce(call_outcomes.agent_name, call_outcomes.agent_username) AS agent_name 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND coalesce(call_outcomes.direction, 'outbound') = 'outbound' AND call_outcomes.customer_number IS NOT NULL AND call_outcomes.id IN (SELECT call_outcomes.id 
FROM call_outcomes JOIN (SELECT call_outcomes.customer_number AS number, min((lpad(CAST(CAST(round(date_part('epoch', call_outcomes.occurred_at) * 1000000) AS BIGINT) AS TEXT), 16, '0') || CAST(call_outcomes.id AS TEXT) COLLATE "C")) AS first 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND call_outcomes.customer_number IS NOT NULL AND (call_outcomes.flags ? CAST('dnc' AS TEXT)) GROUP BY call_outcomes.customer_number) AS asked_not_to ON asked_not_to.number = call_outcomes.customer_number 
WHERE call_outcomes.merged_into IS NULL AND coalesce(call_outcomes.direction, 'outbound') = 'outbound' AND call_outcomes.customer_number IS NOT NULL AND (lpad(CAST(CAST(round(date_part('epoch', call_outcomes.occurred_at) * 1000000) AS BIGINT) AS TEXT), 16, '0') || CAST(call_outcomes.id AS TEXT) COLLATE "C") > asked_not_to.first)
) as after_dnc
union all
select * from (
SELECT 'out_of_hours' AS rule, call_outcomes.occurred_at AS occurred_at, call_outcomes.id AS id, call_outcomes.connection AS connection, call_outcomes.customer_number AS number, call_outcomes.campaign_id AS campaign_id, call_outcomes.campaign_name AS campaign_name, coalesce(call_outcomes.agent_id, call_outcomes.agent_username, call_outcomes.agent_name, call_outcomes.agent_number, call_outcomes.agent_extension, call_outcomes.agent_email) AS agent, coalesce(call_outcomes.agent_name, call_outcomes.agent_username) AS agent_name 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND coalesce(call_outcomes.direction, 'outbound') = 'outbound' AND call_outcomes.customer_number IS NOT NULL AND ((call_outcomes.customer_seconds % 86400) / 3600 < 8 OR (call_outcomes.customer_seconds % 86400) / 3600 >= 21)
) as out_of_hours
union all
select * from (
SELECT 'too_often' AS rule, call_outcomes.occurred_at AS occurred_at, call_outcomes.id AS id, call_outcomes.connection AS connection, call_outcomes.customer_number AS number, call_outcomes.campaign_id AS campaign_id, call_outcomes.campaign_name AS campaign_name, coalesce(call_outcomes.agent_id, call_outcomes.agent_username, call_outcomes.agent_name, call_outcomes.agent_number, call_outcomes.agent_extension, call_outcomes.agent_email) AS agent, coalesce(call_outcomes.agent_name, call_outcomes.agent_username) AS agent_name 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND coalesce(call_outcomes.direction, 'outbound') = 'outbound' AND call_outcomes.customer_number IS NOT NULL AND call_outcomes.id IN (SELECT of_number.id 
FROM (SELECT call_outcomes.id AS id, call_outcomes.occurred_at AS at, lag(call_outcomes.occurred_at, 7) OVER (PARTITION BY call_outcomes.customer_number ORDER BY call_outcomes.occurred_at, call_outcomes.id) AS before 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND coalesce(call_outcomes.direction, 'outbound') = 'outbound' AND call_outcomes.customer_number IS NOT NULL AND call_outcomes.customer_number IN (SELECT call_outcomes.customer_number 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND coalesce(call_outcomes.direction, 'outbound') = 'outbound' AND call_outcomes.customer_number IS NOT NULL GROUP BY call_outcomes.customer_number 
HAVING count(*) > 7)) AS of_number 
WHERE CAST(round(date_part('epoch', of_number.at) * 1000000) AS BIGINT) - CAST(round(date_part('epoch', of_number.before) * 1000000) AS BIGINT) < 604800000000)
) as too_often
)
select * from found
{% endif %}
