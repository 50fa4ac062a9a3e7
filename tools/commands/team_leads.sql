SELECT id, ltrim(phone, '+') AS number FROM leads;
