"""From the inbox into Postgres: read deliveries, settle them, judge what fails."""
