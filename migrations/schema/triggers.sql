-- Triggers as they are today; their functions are in functions.sql.

CREATE TRIGGER contacts_begin_leads AFTER INSERT ON contacts
    REFERENCING NEW TABLE AS born FOR EACH STATEMENT EXECUTE FUNCTION begin_leads();
CREATE TRIGGER contacts_renamed AFTER UPDATE ON contacts FOR EACH ROW
    WHEN ((OLD.name, OLD.username, OLD.phone) IS DISTINCT FROM (NEW.name, NEW.username, NEW.phone))
    EXECUTE FUNCTION contact_renamed();
CREATE TRIGGER contacts_heard BEFORE UPDATE ON contacts FOR EACH ROW
    WHEN (NEW.heard_at IS DISTINCT FROM OLD.heard_at AND NOT NEW.heard_lately) EXECUTE FUNCTION contact_heard();
CREATE TRIGGER contacts_wait BEFORE UPDATE ON contacts FOR EACH ROW
    WHEN (NEW.last_message_id IS DISTINCT FROM OLD.last_message_id
          AND (NEW.waiting_since IS NULL) = (NEW.last_message_direction = 'inbound')) EXECUTE FUNCTION contact_waits();
CREATE TRIGGER contacts_asked BEFORE UPDATE ON contacts FOR EACH ROW
    WHEN (NEW.last_message_id IS DISTINCT FROM OLD.last_message_id AND NEW.last_message_direction = 'inbound'
          AND NEW.questions = OLD.questions) EXECUTE FUNCTION contact_asked();
CREATE TRIGGER lead_records_renamed AFTER UPDATE ON lead_records FOR EACH ROW
    WHEN ((OLD.name, OLD.phone, OLD.contact_id, OLD.business_type, OLD.domisili)
          IS DISTINCT FROM (NEW.name, NEW.phone, NEW.contact_id, NEW.business_type, NEW.domisili))
    EXECUTE FUNCTION lead_renamed();
CREATE TRIGGER customer_profiles_email AFTER INSERT OR UPDATE OF email ON customer_profiles FOR EACH ROW
    EXECUTE FUNCTION customer_email_changed();
CREATE TRIGGER lead_records_convert BEFORE INSERT OR UPDATE ON lead_records FOR EACH ROW
    WHEN (NEW.status = 'converted' AND NEW.converted_to_client_id IS NULL) EXECUTE FUNCTION become_client();
CREATE TRIGGER keep_groups_apart BEFORE INSERT OR UPDATE ON messages FOR EACH ROW
    WHEN (NEW.group_id IS NOT NULL AND NEW.contact_id IS NOT NULL) EXECUTE FUNCTION keep_groups_apart();
CREATE TRIGGER copy_preference AFTER INSERT OR UPDATE OF marketing_sequence ON sightings FOR EACH ROW
    WHEN (NEW.marketing_sequence IS NOT NULL AND NEW.marketing_preference IS NOT NULL) EXECUTE FUNCTION copy_preference();
CREATE TRIGGER numbers_known AFTER INSERT ON contact_identities REFERENCING NEW TABLE AS known
    FOR EACH STATEMENT EXECUTE FUNCTION numbers_known();
CREATE TRIGGER numbers_gone AFTER DELETE ON contact_identities REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION numbers_gone();
CREATE TRIGGER register_session BEFORE INSERT ON handoffs FOR EACH ROW EXECUTE FUNCTION register_session();
CREATE TRIGGER forget_sessions AFTER DELETE ON handoffs REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION forget_sessions();
CREATE TRIGGER keep_incident AFTER DELETE ON alarms FOR EACH ROW EXECUTE FUNCTION keep_incident();
CREATE TRIGGER notify_new_leads AFTER INSERT ON lead_records REFERENCING NEW TABLE AS born
    FOR EACH STATEMENT EXECUTE FUNCTION notify_new_leads();
CREATE TRIGGER notify_lead_changes AFTER INSERT ON lead_changes REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION notify_lead_changes();
CREATE TRIGGER notify_handoff AFTER INSERT ON handoffs FOR EACH ROW EXECUTE FUNCTION notify_handoff();
CREATE TRIGGER notify_decision AFTER UPDATE ON next_steps FOR EACH ROW
    WHEN (OLD.decided_at IS NULL AND NEW.decided_at IS NOT NULL) EXECUTE FUNCTION notify_decision();
CREATE TRIGGER notify_alarm AFTER INSERT OR DELETE ON alarms FOR EACH ROW EXECUTE FUNCTION notify_alarm();
CREATE TRIGGER queue_media AFTER INSERT ON messages FOR EACH ROW
    WHEN (NEW.media_url IS NOT NULL AND NEW.revoked_at IS NULL) EXECUTE FUNCTION queue_media();
CREATE TRIGGER queue_media_again AFTER UPDATE OF media_url, revoked_at ON messages FOR EACH ROW
    WHEN (NEW.media_url IS DISTINCT FROM OLD.media_url OR NEW.revoked_at IS DISTINCT FROM OLD.revoked_at)
    EXECUTE FUNCTION queue_media();
CREATE TRIGGER remove_media AFTER DELETE ON media_files FOR EACH ROW EXECUTE FUNCTION remove_media();
CREATE TRIGGER remove_expired_media AFTER UPDATE OF state ON media_files FOR EACH ROW
    WHEN (NEW.state = 'expired' AND OLD.state <> 'expired') EXECUTE FUNCTION remove_media();
