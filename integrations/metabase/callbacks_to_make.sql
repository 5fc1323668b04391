-- Which promised calls have had no later call to that customer? The longest overdue come first.
SELECT id, callback_at, customer_number, customer_name, coalesce(agent_name, agent_username) AS agent, campaign_name
FROM call_outcomes_v1 AS promised
WHERE callback_at IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM call_outcomes_v1 AS later
        WHERE later.connection = promised.connection
            AND later.customer_number = promised.customer_number
            AND later.occurred_at > promised.occurred_at
    )
ORDER BY callback_at, id
