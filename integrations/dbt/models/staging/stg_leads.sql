-- leads_v1, under the names of the reports.
select
    leads.id,
    leads.load_id,
    leads.connection,
    leads.state,
    leads.sent_at,
    leads.first_attempt_at,
    leads.attempts,
    leads.disposed_attempts,
    leads.unflagged_attempts,
    case when silent.connection is null then 0 else leads.attempts - leads.disposed_attempts end as unstated_attempts,
    case when leads.is_closed then 1 else 0 end as closed,
    case when leads.is_contacted then 1 else 0 end as reached,
    case when leads.is_sold then 1 else 0 end as sold
from {{ source('wrapup', 'leads_v1') }} as leads
left join {{ ref('wrapup_silent') }} as silent on silent.connection = leads.connection and silent.about = 'dispositions'
