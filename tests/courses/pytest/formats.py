"""What the shop's answer imports from beside it."""

SEPARATOR = ","
