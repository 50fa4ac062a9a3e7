-- Where a lead is going: what it may be worth, how it is ranked, whose client it became; and leads put out of sight.

CREATE TABLE clients (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name        text CHECK (length(name) BETWEEN 1 AND 200),
    created_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE clients IS 'Who buys: a person or a firm. Each lead that was converted names its client; several people of one firm may name the same.';
ALTER TABLE lead_records
    ADD COLUMN predicted_close_probability real CHECK (predicted_close_probability BETWEEN 0 AND 1),
    ADD COLUMN estimated_value bigint CHECK (estimated_value >= 0),
    ADD COLUMN expected_close_date date,
    ADD COLUMN converted_to_client_id uuid REFERENCES clients,
    ADD COLUMN deleted_at timestamptz;
COMMENT ON COLUMN lead_records.deleted_at IS 'Put out of sight: no view, list or pass sees it until it is brought back. The mirror keeps what Kapso says.';
DO $$
DECLARE
    one record;
    client uuid;
BEGIN
    FOR one IN SELECT r.id, coalesce(r.name, c.name) AS name FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
               WHERE r.status = 'converted' LOOP
        INSERT INTO clients (name) VALUES (left(one.name, 200)) RETURNING id INTO client;
        UPDATE lead_records SET converted_to_client_id = client WHERE id = one.id;
    END LOOP;
END $$;
ALTER TABLE lead_records ADD CONSTRAINT lead_records_have_clients
    CHECK (status <> 'converted' OR converted_to_client_id IS NOT NULL);
CREATE INDEX lead_records_by_client ON lead_records (converted_to_client_id) WHERE converted_to_client_id IS NOT NULL;
CREATE INDEX lead_records_by_priority ON lead_records ((coalesce(lead_score, -1)) DESC, contact_id DESC)
    WHERE status IN ('new', 'qualified', 'contacted') AND deleted_at IS NULL;
