from functools import reduce


def pairs(ids):
    return [(ids[i], ids[i + 1]) for i in range(len(ids) - 1)]


def substitute(ids, numbered):
    token, pair = numbered
    i, write = 0, 0
    ids = list(ids)
    while i < len(ids):
        if ids[i] == pair[0] and i < len(ids) - 1 and ids[i + 1] == pair[1]:
            ids[write] = token
            i += 2
        else:
            ids[write] = ids[i]
            i += 1
        write += 1
    del ids[write:]
    return ids


def train_bpe(text, vocab_size):
    room = vocab_size - 256
    if room < 0:
        raise ValueError(vocab_size)
    ids, merges = list(bytes(text, "utf-8")), []
    while room > 0:
        seen = pairs(ids)
        count = {}
        for pair in seen:
            count[pair] = count.get(pair, 0) + 1
        if not count or max(count.values()) < 2:
            break
        best = sorted(count, key=lambda p: (count[p], -p[0], -p[1]))[-1]
        merges.append(best)
        ids = substitute(ids, (255 + len(merges), best))
        room -= 1
    return merges


def encode(text, merges):
    return reduce(substitute, enumerate(merges, 256), list(bytes(text, "utf-8")))


def decode(ids, merges):
    highest = 255 + len(merges)
    for token in ids:
        if token > highest or token < 0:
            raise ValueError("unknown token")
    flat = list(ids)
    # The newest tokens are opened first, until only bytes are left.
    for token in range(highest, 255, -1):
        flat = [part for t in flat for part in (merges[token - 256] if t == token else (t,))]
    return bytes(flat).decode("utf-8", errors="replace")
