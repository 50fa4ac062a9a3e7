"""The checker: folds a ledger by itself and compares every row in Postgres with what it must be."""
