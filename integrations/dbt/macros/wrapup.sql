{# When the questions are put. #}
{% macro wrapup_now() %}{% if var('now') %}cast('{{ var('now') }}' as timestamptz){% else %}current_timestamp{% endif %}{% endmacro %}

{# Seconds since 1970 as clocks in a zone show them; null where the zone is. Times without a zone of their own are UTC's. #}
{% macro wrapup_clock(moment, zone) -%}
{%- if target.type == 'duckdb' -%}
epoch_us(timezone({{ zone }}, cast({{ moment }} as timestamptz))) // 1000000
{%- else -%}
cast(floor(extract(epoch from timezone({{ zone }}, {{ moment }}))) as bigint)
{%- endif -%}
{%- endmacro %}

{# The day that has not ended, in the zone of the project. #}
{% macro wrapup_today() -%}
date '1970-01-01' + cast(floor({{ wrapup_clock(wrapup_now(), "'" ~ var('timezone') ~ "'") }} / 86400) as integer)
{%- endmacro %}

{# The first second of the day `since`, as clocks show it. #}
{% macro wrapup_since() %}86400 * cast(date '{{ var('since') }}' - date '1970-01-01' as bigint){% endmacro %}
