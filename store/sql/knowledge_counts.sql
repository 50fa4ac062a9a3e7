SELECT (SELECT count(*) FROM knowledge_base) AS articles,
    count(*) FILTER (WHERE article_id IS NOT NULL) AS of_articles, count(*) FILTER (WHERE lead_id IS NOT NULL) AS of_chats
FROM passages
