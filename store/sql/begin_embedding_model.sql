-- $1 name, $2 dimension
SELECT begin_embedding_model($1, $2)
