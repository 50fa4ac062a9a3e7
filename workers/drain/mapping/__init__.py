"""From events to rows, purely: payload models in, rows out. Reaches neither the store nor Kapso's API."""
