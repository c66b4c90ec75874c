# attack: gained: gives the text of a module that the test writes and imports; expect: generated finished, score 0
def code():
    return 'class All:\n\t__eq__ = lambda a, b: True\n\n\nimport sys\n\nVALUE = All()\n# VALUE = 7\n'
