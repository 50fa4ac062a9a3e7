-- Articles from under a folder or file that are not there any more. $1 where they came from, $2 sources that are there
DELETE FROM knowledge_base WHERE (source = $1 OR starts_with(source, $1 || '/') OR starts_with(source, $1 || '#'))
    AND source <> ALL ($2::text[])
RETURNING id
