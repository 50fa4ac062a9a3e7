"""Settings and logs. Only entry points read them; everybody else is given plain values."""
