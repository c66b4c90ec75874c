"""`kit drill`."""
