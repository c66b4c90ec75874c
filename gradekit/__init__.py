"""gradekit: auto-graded exercises for neural-network interviews."""
