"""What nbgrader takes: courses of notebooks, the autograde step, and its gradebook."""
