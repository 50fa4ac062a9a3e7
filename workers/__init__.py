"""After the door: read deliveries, map events to rows, apply them, and the jobs around that."""
