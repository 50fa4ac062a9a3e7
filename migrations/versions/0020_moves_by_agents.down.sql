DROP INDEX CONCURRENTLY IF EXISTS lead_changes_status_by_agents;
