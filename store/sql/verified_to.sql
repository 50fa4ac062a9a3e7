-- Up to when polling has compared everything; null where it never ran.
SELECT verified_to FROM mirror_freshness
