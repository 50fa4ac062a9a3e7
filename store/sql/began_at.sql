-- When this mirror began.
SELECT began_at FROM mirror
