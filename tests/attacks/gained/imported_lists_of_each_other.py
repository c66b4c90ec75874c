# attack: gained: short lists that the test holds become such a tree later; expect: signalled malformed, says too large when it is written out, score 0
KEPT = [[1] for _ in range(30)]
CALLS = []


def process():
    CALLS.append(1)
    if len(CALLS) > 1:
        for outer, inner in zip(KEPT, KEPT[1:]):
            outer[:] = [inner, inner]
    return KEPT
