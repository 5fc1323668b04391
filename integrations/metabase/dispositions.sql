-- What did the conversations come to?
SELECT
    disposition_parent,
    disposition,
    count(*) AS calls,
    round(1.0 * count(*) / sum(count(*)) OVER (), 4) AS share
FROM call_outcomes_v1
WHERE is_final [[AND occurred_at >= {{since}}]] [[AND occurred_at < {{until}}]] AND connect_outcome = 'connected'
GROUP BY disposition_parent, disposition
ORDER BY calls DESC, disposition
