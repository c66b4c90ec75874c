"""`python -m gradekit`: the command line, wherever the `kit` script is not on the path."""

from gradekit.commands import kit

kit(prog_name="kit")
