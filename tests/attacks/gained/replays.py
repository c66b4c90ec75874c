# attack: gained: remembers all arguments and answers with what it was given before; expect: score 0
import numpy as np
seen = [np.zeros(4)]


def softmax(x, axis=-1):
    seen.append(np.array(x, dtype=float))
    return next((old for old in reversed(seen[:-1]) if old.shape == np.shape(x)), seen[-2])


log_softmax = softmax
