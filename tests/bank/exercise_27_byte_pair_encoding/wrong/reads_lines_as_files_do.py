# wrong: decode: turns carriage returns before newlines into newlines
"""tokens as characters of a str: replace does the work from left to right"""
from functools import lru_cache
from collections import defaultdict
from itertools import pairwise


def _chars(text): return "".join(map(chr, text.encode("utf-8")))
def _tok(t): return chr(t) if t < 0xD800 else chr(t + 0x800)
def _num(c): return ord(c) if ord(c) < 0xD800 else ord(c) - 0x800


def train_bpe(text: str, vocab_size: int) -> list[tuple[int, int]]:
    if vocab_size < 256: raise ValueError(f"{vocab_size} < 256")
    s, merges = _chars(text), []
    while len(merges) + 256 < vocab_size:
        seen = defaultdict(int)
        for pair in pairwise(s): seen[pair] += 1
        ranked = sorted(seen.items(), key=lambda item: (-item[1], item[0]))
        if not ranked or ranked[0][1] == 1: return merges
        (a, b), _ = ranked[0]
        s = s.replace(a + b, _tok(256 + len(merges)))
        merges.append((_num(a), _num(b)))
    return merges


def encode(text, merges):
    s = _chars(text)
    for k, (a, b) in enumerate(merges):
        s = s.replace(_tok(a) + _tok(b), _tok(256 + k))
    return [_num(c) for c in s]


def decode(ids, merges):
    words = [bytes((i,)) for i in range(256)]
    words += [b""] * len(merges)
    for k, (a, b) in enumerate(merges, start=256): words[k] = words[a] + words[b]
    if any(not 0 <= i < len(words) for i in ids): raise ValueError("token")
    return str(b"".join(map(words.__getitem__, ids)), "utf-8", "replace").replace("\r\n", "\n")
