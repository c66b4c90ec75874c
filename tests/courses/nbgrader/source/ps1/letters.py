"""What the notebook's answer imports from beside it."""

VOWELS = "aeiou"
