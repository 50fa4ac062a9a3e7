-- Who opened which lead; a page that looks again within ten minutes has not opened it anew. $1 actor, $2 lead id
INSERT INTO access_log (actor, action, lead_id)
SELECT $1, 'open', $2
WHERE NOT EXISTS (SELECT FROM access_log AS a
                  WHERE a.lead_id = $2 AND a.actor = $1 AND a.action = 'open' AND a.at > now() - interval '10 minutes')
