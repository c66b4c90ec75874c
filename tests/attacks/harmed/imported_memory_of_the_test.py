# attack: harmed: a number of which the test makes as many things; expect: zeros finished, says MemoryError, score 0
def many():
    return 3 * 2**31
