-- One day of deliveries (UTC). {name}, {day} and {next} are made from dates alone.
CREATE TABLE IF NOT EXISTS {name} PARTITION OF deliveries FOR VALUES FROM ('{day} 00:00+00') TO ('{next} 00:00+00')
