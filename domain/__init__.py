"""What the mirror's rows are, how two rows of one key merge, and who is who. Pure: no I/O, no other room."""
