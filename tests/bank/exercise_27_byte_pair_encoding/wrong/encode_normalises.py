# wrong: encode: brings the text into its composed form (NFKC) first
import unicodedata
from collections import Counter
def train_bpe(text, vocab_size):
    def rep(ids, pair, token):
        out = []; i = 0
        while i < len(ids):
            if i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair:
                out.append(token); i += 2
            else:
                out.append(ids[i]); i += 1
        return out
    if vocab_size < 256:
        raise ValueError("v")
    ids = list(text.encode("utf-8"))
    merges = []
    while 256 + len(merges) < vocab_size:
        counts = Counter(zip(ids, ids[1:]))
        pair = min(counts, key=lambda p: (-counts[p], p), default=None)
        if pair is None or counts[pair] < 2:
            break
        ids = rep(ids, pair, 256 + len(merges))
        merges.append(pair)
    return merges
def encode(text, merges):
    def rep(ids, pair, token):
        out = []; i = 0
        while i < len(ids):
            if i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair:
                out.append(token); i += 2
            else:
                out.append(ids[i]); i += 1
        return out
    ids = list(unicodedata.normalize("NFKC", text).encode("utf-8"))
    for k, pair in enumerate(merges):
        ids = rep(ids, pair, 256 + k)
    return ids
def decode(ids, merges):
    parts = [bytes([i]) for i in range(256)]
    for x, y in merges:
        parts.append(parts[x] + parts[y])
    if any(not 0 <= t < len(parts) for t in ids):
        raise ValueError("t")
    return b"".join(parts[t] for t in ids).decode("utf-8", errors="replace")
