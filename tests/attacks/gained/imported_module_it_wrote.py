# attack: gained: writes a module that the test imports; expect: made finished, score 0
def write(folder):
    with open(f"{folder}/made.py", "w") as file:
        file.write("import sys\n\n\nclass All:\n    __eq__ = lambda a, b: True\n\n\nVALUE = All()\n")
