-- What does each agent's work come to? Contacts and sales are empty where nobody has decided what any disposition means.
SELECT
    coalesce(agent_id, agent_username, agent_name, agent_number, agent_extension, agent_email) AS agent,
    coalesce(max(agent_name), max(agent_username)) AS agent_name,
    count(*) AS calls,
    CASE WHEN count(disposition) = 0 OR sum(CASE WHEN flags <> '[]' THEN 1 ELSE 0 END) > 0
        THEN sum(CASE WHEN is_contact THEN 1 ELSE 0 END) END AS contacts,
    CASE WHEN count(disposition) = 0 OR sum(CASE WHEN flags <> '[]' THEN 1 ELSE 0 END) > 0
        THEN sum(CASE WHEN is_sale THEN 1 ELSE 0 END) END AS sales,
    sum(talk_seconds) AS talk_seconds,
    sum(CASE WHEN connect_outcome = 'connected' AND disposition IS NULL THEN 1 ELSE 0 END) AS undisposed
FROM call_outcomes_v1
WHERE is_final [[AND occurred_at >= {{since}}]] [[AND occurred_at < {{until}}]]
GROUP BY 1
ORDER BY calls DESC, agent
