"""A tokenizer has to write down any text with a fixed set of tokens. Words are too many, and
there is always a new one; characters are 150,000, and make texts long. Byte-pair encoding starts
from the 256 bytes, with which every text can be written, and buys shortness where it pays most:
it counts adjacent pairs, makes the most frequent one a token, rewrites the text, and starts
again. Frequent words end up as one token, rare ones as a few pieces, and nothing is unknown.

What is trained is only the ordered list of merges. To encode a text I apply them in the order in
which they were learned. One pass for each is enough: a pair names only tokens that are older than
its own, so what a later merge makes can never bring an earlier pair back. The order is all that
matters. Taking the longest token that fits, or the leftmost pair, gives other tokens than those
the model was trained on.

To decode I build each token's bytes once, from its two parts, and join all bytes before I decode
them as UTF-8. A token may end in the middle of a character, so decoding token by token would
break it. What a model makes up need not be UTF-8 at all, hence errors="replace".

Follow-ups: in real tokenizers a regular expression first cuts the text into words, so that no
token spans two of them, and each word is cached. For training on gigabytes one counts words,
keeps for each pair its count and the words it stands in, and takes the largest from a heap, so a
merge costs what it changes and not the whole text. Leading blanks belong to words, which is why
"hello" and " hello" are different tokens.
"""

from collections import Counter
from itertools import pairwise


def train_bpe(text: str, vocab_size: int) -> list[tuple[int, int]]:
    """Return the pairs in the order in which they were merged."""
    if vocab_size < 256:
        raise ValueError("the 256 bytes are tokens in any case")
    ids = list(text.encode("utf-8"))
    merges: list[tuple[int, int]] = []
    while 256 + len(merges) < vocab_size:
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
