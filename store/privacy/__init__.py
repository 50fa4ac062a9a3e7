"""One person: found under every name, exported, erased; and what is kept how long."""
