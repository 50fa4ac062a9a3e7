-- One day of deliveries (UTC), with what had to go to the DEFAULT partition meanwhile. {name}, {day} and {next} are made
-- from dates alone. One transaction.
LOCK TABLE deliveries_default IN ACCESS EXCLUSIVE MODE;
CREATE TABLE {name} (LIKE deliveries INCLUDING CONSTRAINTS INCLUDING INDEXES INCLUDING DEFAULTS);
WITH moved AS (
    DELETE FROM deliveries_default WHERE received_at >= '{day} 00:00+00' AND received_at < '{next} 00:00+00' RETURNING *
)
INSERT INTO {name} SELECT * FROM moved;
ALTER TABLE deliveries ATTACH PARTITION {name} FOR VALUES FROM ('{day} 00:00+00') TO ('{next} 00:00+00');
