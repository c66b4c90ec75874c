"""Report -> the formats of other systems. Knows only `gradekit.report`."""
