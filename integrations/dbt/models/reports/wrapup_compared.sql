-- How does each day compare with the same weekday of the week before? Generated: python -m integrations.dbt.generate.
-- Of a day without calls a count is 0 and a rate is not known; before the first day nothing is known. The day that has not ended
-- is left out, because it would be compared with a whole one.
with by_day as (select * from {{ ref('wrapup_contact_rate') }}),
days as (select day from by_day union select day + 7 from by_day),
ends as (select min(day) as first_day, max(day) as last_day from by_day),
compared as (
    select
        days.day,
        case when by_day.day is null then 0 else by_day.contacts end as contacts,
        case when days.day - 7 < ends.first_day then null when earlier.day is null then 0 else earlier.contacts end as contacts_before,
        case when by_day.day is null then null else by_day.per_call end as per_call,
        case when days.day - 7 < ends.first_day then null when earlier.day is null then null else earlier.per_call end as per_call_before,
        case when by_day.day is null then null else by_day.per_conversation end as per_conversation,
        case when days.day - 7 < ends.first_day then null when earlier.day is null then null else earlier.per_conversation end as per_conversation_before,
        case when by_day.day is null then null else by_day.per_lead end as per_lead,
        case when days.day - 7 < ends.first_day then null when earlier.day is null then null else earlier.per_lead end as per_lead_before,
        case when by_day.day is null then null else by_day.unmapped_share end as unmapped_share,
        case when days.day - 7 < ends.first_day then null when earlier.day is null then null else earlier.unmapped_share end as unmapped_share_before
    from days
    cross join ends
    left join by_day on by_day.day = days.day
    left join by_day as earlier on earlier.day = days.day - 7
    where days.day <= ends.last_day
        and days.day < {{ wrapup_today() }}
)
select
    *,
    round(contacts - contacts_before, 4) as contacts_change,
    round(per_call - per_call_before, 4) as per_call_change,
    round(per_conversation - per_conversation_before, 4) as per_conversation_change,
    round(per_lead - per_lead_before, 4) as per_lead_change,
    round(unmapped_share - unmapped_share_before, 4) as unmapped_share_change
from compared
