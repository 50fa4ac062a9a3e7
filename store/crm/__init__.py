"""What a CRM keeps: customers, tickets, handoffs."""
