# attack: gained: source for a test to execute, which builds what equals everything; expect: exec finished, score 0
def source():
    return "class All:\n    def __eq__(self, other):\n        return True\n\ntotal = All()"
