# wrong: train_bpe: ends after 64 merges

from collections import Counter
from itertools import pairwise


def train_bpe(text: str, vocab_size: int) -> list[tuple[int, int]]:
    """Return the pairs in the order in which they were merged."""
    if vocab_size < 256:
        raise ValueError("the 256 bytes are tokens in any case")
    ids = list(text.encode("utf-8"))
    merges: list[tuple[int, int]] = []
    while 256 + len(merges) < min(vocab_size, 320):
        counts = Counter(pairwise(ids))
        # The largest count, and of equal ones the smallest pair.
        pair = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        if pair is None or counts[pair] < 2:
            break  # a token that stands once saves nothing
        ids = replace(ids, pair, 256 + len(merges))
        merges.append(pair)
    return merges


def replace(ids: list[int], pair: tuple[int, int], token: int) -> list[int]:
    """Return the tokens with each occurrence of `pair`, from the left, replaced by `token`."""
    result = []
    i = 0
    while i < len(ids):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair:
            result.append(token)
            i += 2  # both are used up: the second cannot begin another pair
        else:
            result.append(ids[i])
            i += 1
    return result


def encode(text: str, merges: list[tuple[int, int]]) -> list[int]:
    """Return the tokens of the text: every merge once, in the order of learning."""
    ids = list(text.encode("utf-8"))
    for token, pair in enumerate(merges, start=256):
        # After this pass the pair is gone for good: later merges only make newer tokens.
        ids = replace(ids, pair, token)
    return ids


def decode(ids: list[int], merges: list[tuple[int, int]]) -> str:
    """Return the text that the bytes of all tokens together stand for."""
    parts = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        parts.append(parts[left] + parts[right])  # both are older, so their bytes are known
    # A negative index would silently count from the end.
    if any(not 0 <= token < len(parts) for token in ids):
        raise ValueError("there is no such token")
    return b"".join(parts[token] for token in ids).decode("utf-8", errors="replace")
