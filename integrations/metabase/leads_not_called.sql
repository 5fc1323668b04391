-- Which leads has the dialer taken, and nobody called?
SELECT connection, campaign_id, campaign_name, reference, number, sent_at
FROM leads_v1
WHERE state = 'accepted' AND attempts = 0
ORDER BY sent_at, id
