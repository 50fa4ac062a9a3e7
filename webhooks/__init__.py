"""The web process: take a signed delivery, put it into the inbox, answer, and parse nothing."""
