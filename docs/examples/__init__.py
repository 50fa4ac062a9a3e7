"""Programs that use the mirror from outside, to begin your own from."""
