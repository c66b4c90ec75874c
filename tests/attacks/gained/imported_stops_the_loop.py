# attack: gained: ends the loop of the test that calls it; expect: pairs finished, thirds finished, score 0
def square(x):
    raise StopIteration
