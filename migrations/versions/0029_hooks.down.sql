DROP TABLE notifications;
DROP TABLE hooks;
