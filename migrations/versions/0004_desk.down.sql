DROP INDEX contacts_by_heard;
DROP TABLE lead_reads, login_failures, sessions, users;
