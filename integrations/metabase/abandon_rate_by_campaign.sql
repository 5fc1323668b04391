-- Which share of the people who answered found nobody there? Empty where nobody answered.
SELECT
    campaign_id,
    max(campaign_name) AS campaign_name,
    sum(CASE WHEN connect_outcome = 'abandoned' THEN 1 ELSE 0 END) AS abandoned,
    sum(CASE WHEN connect_outcome = 'connected' AND coalesce(answered_by, '') NOT IN ('machine', 'fax') THEN 1 ELSE 0 END)
        AS humans,
    round(
        1.0 * sum(CASE WHEN connect_outcome = 'abandoned' THEN 1 ELSE 0 END)
        / nullif(
            sum(
                CASE WHEN connect_outcome = 'abandoned'
                    OR connect_outcome = 'connected' AND coalesce(answered_by, '') NOT IN ('machine', 'fax')
                THEN 1 ELSE 0 END
            ), 0
        ), 4
    ) AS abandon_rate
FROM call_outcomes_v1
WHERE is_final [[AND occurred_at >= {{since}}]] [[AND occurred_at < {{until}}]]
GROUP BY campaign_id, CASE WHEN campaign_id IS NULL THEN campaign_name END
ORDER BY campaign_id
