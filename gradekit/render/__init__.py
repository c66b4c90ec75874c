"""Report -> something to look at. Knows only `gradekit.report`."""
