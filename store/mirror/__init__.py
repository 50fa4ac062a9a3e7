"""What Kapso says: batches of events become rows, and stored deliveries are read again."""
