-- Each statement commits by itself. Where one was interrupted, all are run again from the first.
DROP INDEX CONCURRENTLY IF EXISTS lead_changes_status_by_agents;
CREATE INDEX CONCURRENTLY lead_changes_status_by_agents ON lead_changes (id) WHERE field = 'status' AND source = 'agent';
