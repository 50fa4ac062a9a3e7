-- Each of these is the end of an index.
SELECT (SELECT max(heard_at) FROM contacts) AS heard_at,
       (SELECT max(id) FROM lead_changes) AS change,
       (SELECT max(id) FROM lead_notes) AS note
