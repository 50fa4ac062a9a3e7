-- What a database of the tests is put back with: everything that the tables held when it was made stands here again.
CREATE SCHEMA restored;

CREATE FUNCTION restored.columns_of(one regclass) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = one AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
$$;

CREATE FUNCTION restored.keep() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one regclass;
    is_empty boolean;
BEGIN
    FOR one IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('SELECT NOT EXISTS (SELECT FROM %s)', one) INTO is_empty;
        IF NOT is_empty THEN
            EXECUTE format('CREATE TABLE restored.%s AS SELECT %s FROM %1$s', one, restored.columns_of(one));
        END IF;
    END LOOP;
END
$$;

-- Returns how many rows it deleted. A table that never had a row has no page, and costs nothing.
CREATE FUNCTION restored.restore() RETURNS bigint LANGUAGE plpgsql
SET session_replication_role = replica AS $$
DECLARE
    one regclass;
    kept text;
    rows bigint;
    deleted bigint := 0;
BEGIN
    FOR one IN SELECT oid FROM pg_class
               WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0 LOOP
        EXECUTE format('DELETE FROM %s', one);
        GET DIAGNOSTICS rows = ROW_COUNT;
        deleted := deleted + rows;
    END LOOP;
    FOR kept IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'restored'::regnamespace LOOP
        EXECUTE format('INSERT INTO public.%I (%s) OVERRIDING SYSTEM VALUE SELECT * FROM restored.%1$I',
                       kept, restored.columns_of(('public.' || kept)::regclass));
    END LOOP;
    PERFORM setval(seqrelid::regclass, seqstart, false)
    FROM pg_sequence JOIN pg_class ON oid = seqrelid WHERE relnamespace = 'public'::regnamespace;
    RETURN deleted;
END
$$;

-- Of everything that a test could build or change: each change of a catalog's row gives it another xmin.
CREATE FUNCTION restored.shape() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', rows, changes), ', ') FROM (
        SELECT count(*) AS rows, sum(xmin::text::bigint) AS changes FROM pg_class
        UNION ALL SELECT count(*), sum(xmin::text::bigint) FROM pg_attribute
        UNION ALL SELECT count(*), sum(xmin::text::bigint) FROM pg_constraint
        UNION ALL SELECT count(*), sum(xmin::text::bigint) FROM pg_proc
        UNION ALL SELECT count(*), sum(xmin::text::bigint) FROM pg_rewrite
        UNION ALL SELECT count(*), sum(xmin::text::bigint) FROM pg_trigger
        UNION ALL SELECT count(*), sum(xmin::text::bigint) FROM pg_namespace
        UNION ALL SELECT count(*), sum(xmin::text::bigint) FROM pg_statistic
        UNION ALL SELECT count(*), sum(xmin::text::bigint) FROM pg_database WHERE datname = current_database()
        UNION ALL SELECT count(*), sum(xmin::text::bigint) FROM pg_db_role_setting
    ) AS catalogs
$$;
