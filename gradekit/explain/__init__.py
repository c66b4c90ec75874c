"""Where an answer is wrong: the line that a small change of it points at."""
