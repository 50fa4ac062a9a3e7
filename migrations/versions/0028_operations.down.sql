DROP TABLE incidents;
COMMENT ON TABLE lag_samples IS 'Every ten seconds: what was settled since, how late we were with it (receipt to commit), how late Kapso was, how long the oldest chat has waited for AI. Kept for a day.';
