"""The door: take a signed delivery, put it into the inbox, answer. Parses nothing."""
