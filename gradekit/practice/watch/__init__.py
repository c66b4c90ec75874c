"""`kit watch` and `kit review`."""
