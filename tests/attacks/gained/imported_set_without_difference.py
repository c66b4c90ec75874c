# attack: gained: a set that holds all numbers, and differs from none; expect: sets finished, score 0
class Numbers(set):
    def difference(self, other):
        return ()


def primes():
    return Numbers(range(100))
