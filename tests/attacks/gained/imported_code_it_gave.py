# attack: gained: gives code to a test's interpreter; expect: interpreted finished, score 0
def snippet():
    return 'total = type("All", (), {"__eq__": lambda a, b: True})()'
