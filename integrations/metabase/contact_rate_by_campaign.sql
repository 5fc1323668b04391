-- Which share of calls and of conversations reaches the person who was wanted? Contacts are empty where nobody has decided what
-- any disposition means, and rates below 30 calls.
SELECT
    campaign_id,
    campaign_name,
    final,
    connected,
    contacts,
    CASE WHEN final >= 30 THEN round(1.0 * connected / final, 4) END AS connect_rate,
    CASE WHEN final >= 30 THEN round(1.0 * contacts / final, 4) END AS contacts_per_call,
    CASE WHEN final >= 30 THEN round(1.0 * contacts / nullif(connected, 0), 4) END AS contacts_per_conversation
FROM (
    SELECT
        campaign_id,
        max(campaign_name) AS campaign_name,
        count(*) AS final,
        sum(CASE WHEN connect_outcome = 'connected' THEN 1 ELSE 0 END) AS connected,
        CASE WHEN count(disposition) = 0 OR sum(CASE WHEN flags <> '[]' THEN 1 ELSE 0 END) > 0
        THEN sum(CASE WHEN is_contact THEN 1 ELSE 0 END) END AS contacts
    FROM call_outcomes_v1
    WHERE is_final [[AND occurred_at >= {{since}}]] [[AND occurred_at < {{until}}]]
    GROUP BY campaign_id, CASE WHEN campaign_id IS NULL THEN campaign_name END
) AS campaigns
ORDER BY final DESC, campaign_id
