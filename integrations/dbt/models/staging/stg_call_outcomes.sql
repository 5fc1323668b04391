-- call_outcomes_v1, with what the clocks showed, and what is known by the settings (seeds/).
select
    {% if target.type == 'duckdb' -%}
    outcomes.* replace (cast(outcomes.id as uuid) as id, cast(outcomes.flags as varchar) as flags),
    {%- else -%}
    outcomes.*,
    {%- endif %}
    {{ wrapup_clock('outcomes.occurred_at', "'" ~ var('timezone') ~ "'") }} as local_seconds,
    {{ wrapup_clock('outcomes.occurred_at', 'clocks.zone') }} as customer_seconds,
    outcomes.disposition is not null and outcomes.flags = '[]' and flagless.connection is null as is_undecided,
    outcomes.disposition is null and coalesce(silent.dispositions, 0) = 1 as is_unstated,
    coalesce(silent.abandoned, 0) = 1 as is_untold_abandoned,
    coalesce(silent.voicemail, 0) = 1 as is_untold_voicemail,
    -- Kept in private tables alone.
    cast(null as text) as stood_connect_outcome,
    cast(null as boolean) as stood_contact
from {{ source('wrapup', 'call_outcomes_v1') }} as outcomes
left join {{ ref('wrapup_clocks') }} as clocks on clocks.begins = substr(outcomes.customer_number, 2, 3)
left join {{ ref('wrapup_flagless') }} as flagless
    on flagless.connection = outcomes.connection
    and flagless.disposition = outcomes.disposition
    and coalesce(flagless.disposition_parent, '') = coalesce(outcomes.disposition_parent, '')
left join (
    select
        connection,
        max(case when about = 'dispositions' then 1 else 0 end) as dispositions,
        max(case when about = 'abandoned' then 1 else 0 end) as abandoned,
        max(case when about = 'voicemail' then 1 else 0 end) as voicemail
    from {{ ref('wrapup_silent') }}
    group by connection
) as silent on silent.connection = outcomes.connection
