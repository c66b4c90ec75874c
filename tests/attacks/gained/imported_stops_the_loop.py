# attack: gained: ends the loop of the test that calls it; expect: score 0
def square(x):
    raise StopIteration
