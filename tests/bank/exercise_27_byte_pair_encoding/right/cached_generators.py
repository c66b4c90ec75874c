from collections import Counter
from functools import lru_cache
from itertools import count, islice


def pass_over(ids, pair, token):
    ids = iter([*ids, None])
    current = next(ids)
    for following in ids:
        if current is None:
            current = following
        elif (current, following) == pair:
            yield token
            current = None
        else:
            yield current
            current = following


def rounds(text):
    ids = list(text.encode())
    for token in count(256):
        tally = Counter(zip(ids, ids[1:]))
        best = max(tally, key=lambda p: (tally[p], [-t for t in p]), default=None)
        if best is None or tally[best] < 2:
            return
        yield best
        ids = list(pass_over(ids, best, token))


def train_bpe(text, vocab_size):
    if vocab_size < 256:
        raise ValueError("below 256")
    return list(islice(rounds(text), vocab_size - 256))


def encode(text, merges):
    ids = list(text.encode())
    for token, pair in zip(count(256), merges):
        ids = list(pass_over(ids, tuple(pair), token))
    return ids


def decode(ids, merges):
    @lru_cache(maxsize=None)
    def parts(token):
        if token < 256:
            return (token,)
        left, right = merges[token - 256]
        return parts(left) + parts(right)

    if not all(0 <= token < 256 + len(merges) for token in ids):
        raise ValueError("not a token")
    for token in range(256, 256 + len(merges)):
        parts(token)  # in order, so that no call goes deep
    return bytes(b for token in ids for b in parts(token)).decode("utf-8", errors="replace")
