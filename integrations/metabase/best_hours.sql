-- At which hour do people answer? Hours are those of the database session's zone (SQLite: UTC); rates are empty below 30 calls.
SELECT
    CAST(substr(CAST(occurred_at AS text), 12, 2) AS integer) AS hour,
    count(*) AS final,
    sum(CASE WHEN connect_outcome = 'connected' THEN 1 ELSE 0 END) AS connected,
    CASE WHEN count(*) >= 30
        THEN round(1.0 * sum(CASE WHEN connect_outcome = 'connected' THEN 1 ELSE 0 END) / count(*), 4) END AS connect_rate
FROM call_outcomes_v1
WHERE is_final [[AND occurred_at >= {{since}}]] [[AND occurred_at < {{until}}]]
GROUP BY 1
ORDER BY 1
