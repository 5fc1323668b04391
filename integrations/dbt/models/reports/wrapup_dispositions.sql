-- What did the conversations come to? Generated: python -m integrations.dbt.generate.
{% if target.type == 'duckdb' %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT call_outcomes.disposition_parent AS k0_0, call_outcomes.disposition AS k1_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS calls 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND call_outcomes.is_final IS true AND call_outcomes.connect_outcome = 'connected' GROUP BY 1, 2
),
shares as (
select
    "k0_0" as disposition_parent,
    "k1_0" as disposition,
    "calls" as calls
from counted
),
with_share as (
select *, round(cast(calls as numeric) / nullif(sum(calls) over (), 0), 4) as share
from shares
)
select * from with_share where disposition is not null
{% else %}
with call_outcomes as (select * from {{ ref('stg_call_outcomes') }}),
counted as (
SELECT call_outcomes.disposition_parent AS k0_0, call_outcomes.disposition AS k1_0, coalesce(sum(CASE WHEN true THEN 1 ELSE 0 END), 0) AS calls 
FROM call_outcomes 
WHERE call_outcomes.merged_into IS NULL AND call_outcomes.is_final IS true AND call_outcomes.connect_outcome = 'connected' GROUP BY 1, 2
),
shares as (
select
    "k0_0" as disposition_parent,
    "k1_0" as disposition,
    "calls" as calls
from counted
),
with_share as (
select *, round(cast(calls as numeric) / nullif(sum(calls) over (), 0), 4) as share
from shares
)
select * from with_share where disposition is not null
{% endif %}
