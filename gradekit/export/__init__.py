"""Report -> the formats of other systems, and what those systems need to make reports."""
