-- End every connection of the mirror's processes, as a failover or a firewall does.
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kapso-mirror';
