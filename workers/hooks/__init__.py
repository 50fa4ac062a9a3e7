"""Tell endpoints outside what happened."""
