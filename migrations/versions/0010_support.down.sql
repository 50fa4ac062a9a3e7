DROP VIEW processed_messages, customer_identifiers, customers, conversation_insights;
DROP TABLE ticket_changes, tickets, lead_contacts, conversation_sentiments;
