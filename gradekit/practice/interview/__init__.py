"""`kit interview`."""
