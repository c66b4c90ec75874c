# wrong: train_bpe: of equals that begin alike it takes the first in the text
from collections import Counter
from itertools import pairwise


def train_bpe(text, vocab_size):
    if vocab_size < 256:
        raise ValueError('the 256 bytes are tokens in any case')
    ids = list(text.encode('utf-8'))
    merges: list[tuple[int, int]] = []
    while 256 + len(merges) < vocab_size:
        counts = Counter(pairwise(ids))
        pair = min(counts, key=lambda pair: (-counts[pair], pair[0]), default=None)
        if pair is None or counts[pair] < 2:
            break
        ids = replace(ids, pair, 256 + len(merges))
        merges.append(pair)
    return merges


def replace(ids, pair, token):
    result = []
    i = 0
    while i < len(ids):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair:
            result.append(token)
            i += 2
        else:
            result.append(ids[i])
            i += 1
    return result


def encode(text, merges):
    ids = list(text.encode('utf-8'))
    for token, pair in enumerate(merges, start=256):
        ids = replace(ids, pair, token)
    return ids


def decode(ids, merges):
    parts = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        parts.append(parts[left] + parts[right])
    if any((not 0 <= token < len(parts) for token in ids)):
        raise ValueError('there is no such token')
    return b''.join((parts[token] for token in ids)).decode('utf-8', errors='replace')
