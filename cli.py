"""`python cli.py check exercise_05`: the command line from a checkout, nothing installed."""

if __name__ == "__main__":  # grader processes import this file, and have no use for commands
    from gradekit.commands import kit

    kit(prog_name="kit")
