-- How do people take the numbers that we call from? Generated: python -m integrations.dbt.generate.
{% if target.type == 'duckdb' %}
with call_outcomes as (
    select * from {{ ref('stg_call_outcomes') }}
    where {% if var('since') %}local_seconds >= {{ wrapup_since() }}{% else %}true{% endif %}
),
earlier as (
    select
        caller_number,
        round(
            cast(sum(case when connect_outcome = 'connected' then 1 else 0 end) as numeric)
            / nullif(sum(case when is_final then 1 else 0 end), 0), 4
        ) as answer_rate
    from {{ ref('stg_call_outcomes') }}
    where {% if var('since') %}local_seconds < {{ wrapup_since() }}
        and local_seconds >= {{ wrapup_since() }} - 1209600{% else %}false{% endif %}
    group by caller_number
),
counted as (
SELECT call_outcomes.caller_number AS k0_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS attempts, count(DISTINCT (call_outcomes.local_seconds // 86400)) AS days, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected') THEN 1 ELSE 0 END), 0) AS answered, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.talk_seconds IS NOT NULL) THEN 1 ELSE 0 END), 0) AS "talk known", coalesce(sum(CASE WHEN (call_outcomes.is_final IS true) THEN 1 ELSE 0 END), 0) AS final, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.talk_seconds BETWEEN 1 AND 6) THEN 1 ELSE 0 END), 0) AS short 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1
)
select
    "k0_0" as caller_number,
    "attempts" as attempts,
    round(cast("attempts" as numeric) / nullif("days", 0), 4) as per_day,
    round(cast("answered" as numeric) / nullif("final", 0), 4) as answer_rate,
    case when not ("answered" > 0 and "talk known" = 0) then round(cast("short" as numeric) / nullif("answered", 0), 4) end as short_share,
    earlier.answer_rate as answer_rate_14d
from counted
left join earlier on earlier.caller_number is not distinct from counted."k0_0"
{% else %}
with call_outcomes as (
    select * from {{ ref('stg_call_outcomes') }}
    where {% if var('since') %}local_seconds >= {{ wrapup_since() }}{% else %}true{% endif %}
),
earlier as (
    select
        caller_number,
        round(
            cast(sum(case when connect_outcome = 'connected' then 1 else 0 end) as numeric)
            / nullif(sum(case when is_final then 1 else 0 end), 0), 4
        ) as answer_rate
    from {{ ref('stg_call_outcomes') }}
    where {% if var('since') %}local_seconds < {{ wrapup_since() }}
        and local_seconds >= {{ wrapup_since() }} - 1209600{% else %}false{% endif %}
    group by caller_number
),
counted as (
SELECT call_outcomes.caller_number AS k0_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS attempts, count(DISTINCT call_outcomes.local_seconds / 86400) AS days, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected') THEN 1 ELSE 0 END), 0) AS answered, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.talk_seconds IS NOT NULL) THEN 1 ELSE 0 END), 0) AS "talk known", coalesce(sum(CASE WHEN (call_outcomes.is_final IS true) THEN 1 ELSE 0 END), 0) AS final, coalesce(sum(CASE WHEN (call_outcomes.connect_outcome = 'connected' AND call_outcomes.talk_seconds BETWEEN 1 AND 6) THEN 1 ELSE 0 END), 0) AS short 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL GROUP BY 1
)
select
    "k0_0" as caller_number,
    "attempts" as attempts,
    round(cast("attempts" as numeric) / nullif("days", 0), 4) as per_day,
    round(cast("answered" as numeric) / nullif("final", 0), 4) as answer_rate,
    case when not ("answered" > 0 and "talk known" = 0) then round(cast("short" as numeric) / nullif("answered", 0), 4) end as short_share,
    earlier.answer_rate as answer_rate_14d
from counted
left join earlier on earlier.caller_number is not distinct from counted."k0_0"
{% endif %}
