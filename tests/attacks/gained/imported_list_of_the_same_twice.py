# attack: gained: a few short lists that are a tree of 10**8; expect: sets malformed, says too large when it is written out, score 0
def primes():
    tree = [2]
    for _ in range(25):
        tree = [tree, tree]
    return tree
