DROP TABLE ticket_changes, tickets, lead_contacts, conversation_sentiments;
