"""Files of messages that the mirror keeps: their rows in Postgres, their bytes in a folder or a bucket."""
