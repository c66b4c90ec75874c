"""Many submissions: finding them, grading them on all cores or machines, losing none."""
