-- $1 a name, perhaps mistyped, in lower case; $2 how many at most
SELECT * FROM leads_spelled_like($1, $2)
