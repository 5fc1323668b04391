-- loads_v1, under the names of the reports.
select id, connection, campaign_id as campaign, campaign_name as name
from {{ source('wrapup', 'loads_v1') }}
