from collections import defaultdict


def merge(ids, pair, new):
    out = []
    for token in ids:
        if out and out[-1] is not None and (out[-1], token) == pair:
            out[-1] = new
            out.append(None)  # a fresh token takes no part in this round
        else:
            out.append(token)
    return [t for t in out if t is not None]


def train_bpe(text, vocab_size):
    if vocab_size < 256:
        raise ValueError
    ids, merges = list(text.encode()), []
    while len(merges) + 256 < vocab_size:
        counts = defaultdict(int)
        for left, right in zip(ids[:-1], ids[1:]):
            counts[left, right] += 1
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if not ranked or ranked[0][1] == 1:
            break
        merges.append(ranked[0][0])
        ids = merge(ids, ranked[0][0], 255 + len(merges))
    return merges


def encode(text, merges):
    ranks = {tuple(pair): k for k, pair in enumerate(merges)}
    ids = [int(b) for b in text.encode()]
    while len(ids) > 1:
        pair = min(zip(ids, ids[1:]), key=lambda p: ranks.get(p, float("inf")))
        if pair not in ranks:
            break
        ids = merge(ids, pair, 256 + ranks[pair])
    return ids


def decode(ids, merges):
    table = {i: bytes((i,)) for i in range(256)}
    for k, (a, b) in enumerate(merges):
        table[256 + k] = table[a] + table[b]
    try:
        return b"".join(map(table.__getitem__, ids)).decode(errors="replace")
    except KeyError as error:
        raise ValueError(f"no such token: {error}") from None
