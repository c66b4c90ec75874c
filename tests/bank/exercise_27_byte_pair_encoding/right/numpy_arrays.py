import numpy as np


def _apply(ids, pair, new):
    hits = np.flatnonzero((ids[:-1] == pair[0]) & (ids[1:] == pair[1]))
    if pair[0] == pair[1] and len(hits):
        taken, last = [], -2
        for hit in hits:
            if hit > last + 1:
                taken.append(hit)
                last = hit
        hits = np.array(taken)
    ids = ids.copy()
    if len(hits):
        ids[hits] = new
        ids = np.delete(ids, hits + 1)
    return ids


def train_bpe(text, vocab_size):
    if vocab_size < 256:
        raise ValueError
    ids = np.frombuffer(text.encode(), dtype=np.uint8).astype(np.int64)
    merges = []
    while len(merges) < vocab_size - 256 and len(ids) > 1:
        pairs, counts = np.unique(np.stack([ids[:-1], ids[1:]], axis=1), axis=0, return_counts=True)
        best = int(np.argmax(counts))  # np.unique sorts, so that the first is the smallest
        if counts[best] < 2:
            break
        merges.append((pairs[best, 0], pairs[best, 1]))
        ids = _apply(ids, pairs[best], 255 + len(merges))
    return merges


def encode(text, merges):
    ids = np.frombuffer(text.encode(), dtype=np.uint8).astype(np.int64)
    for k, pair in enumerate(merges):
        ids = _apply(ids, pair, 256 + k)
    return list(ids)


def decode(ids, merges):
    vocab = [bytes([i]) for i in range(256)]
    for a, b in merges:
        vocab += [vocab[a] + vocab[b]]
    if len(ids) and (min(ids) < 0 or max(ids) >= len(vocab)):
        raise ValueError("token out of range")
    return b"".join([vocab[i] for i in ids]).decode("utf-8", errors="replace")
