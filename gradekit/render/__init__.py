"""Reports, and what a class adds up to -> something to look at. Runs nothing, grades nothing."""
