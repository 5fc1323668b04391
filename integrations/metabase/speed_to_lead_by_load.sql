-- How soon were the leads of each list called?
SELECT
    campaign_id,
    campaign_name,
    created_at,
    accepted,
    attempted,
    round(1.0 * attempted / nullif(accepted, 0), 4) AS penetration,
    round(1.0 * called_within_5m / nullif(attempted, 0), 4) AS within_5m,
    round(1.0 * called_within_1h / nullif(attempted, 0), 4) AS within_1h,
    round(1.0 * called_within_1d / nullif(attempted, 0), 4) AS within_1d
FROM loads_v1
ORDER BY created_at DESC, id
