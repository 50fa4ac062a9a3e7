-- For this transaction: look at so many neighbours that the nearest are rarely missed.
SET LOCAL hnsw.ef_search = 120
