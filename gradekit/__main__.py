"""`python -m gradekit`, and the script `kit`: the command line."""


def main() -> None:
    """Run it."""
    # Here: grader processes import the script that kit was started by, and with it this module.
    from gradekit.commands import kit

    kit(prog_name="kit")


if __name__ == "__main__":
    main()
