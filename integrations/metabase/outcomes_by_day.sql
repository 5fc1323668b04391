-- How did each day's calls end? Days are those of the database session's zone (SQLite: UTC).
SELECT substr(CAST(occurred_at AS text), 1, 10) AS day, connect_outcome, count(*) AS calls
FROM call_outcomes_v1
WHERE is_final [[AND occurred_at >= {{since}}]] [[AND occurred_at < {{until}}]]
GROUP BY 1, 2
ORDER BY 1, 2
