"""`python cli.py check exercise_05`: the command line from a checkout, nothing installed."""

from gradekit.commands import kit

if __name__ == "__main__":
    kit(prog_name="kit")
