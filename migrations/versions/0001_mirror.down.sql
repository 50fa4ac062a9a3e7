DROP TABLE dead_letters, delivery_days, deliveries, project_events, workflow_executions, messages, conversations,
    phone_numbers, contact_identities, identity_joins, sightings, contact_aliases, contacts;
