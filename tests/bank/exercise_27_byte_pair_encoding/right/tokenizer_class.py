from collections import Counter


class Tokenizer:
    def __init__(self, merges=()):
        self.rank = {}
        self.bytes = [bytes([i]) for i in range(256)]
        for pair in merges:
            self.add(*pair)

    def add(self, left, right):
        self.rank[left, right] = len(self.bytes)
        self.bytes.append(self.bytes[left] + self.bytes[right])

    @staticmethod
    def joined(ids, pair, token):
        found, result = iter(ids), []
        left = next(found, None)
        while left is not None:
            right = next(found, None)
            if (left, right) == pair:
                result.append(token)
                left = next(found, None)
            else:
                result.append(left)
                left = right
        return result

    def tokens(self, text):
        ids = [*text.encode("utf-8")]
        for pair, token in self.rank.items():
            if pair in set(zip(ids, ids[1:])):
                ids = self.joined(ids, pair, token)
        return ids


def train_bpe(text, vocab_size):
    if vocab_size < 256:
        raise ValueError("there are 256 bytes")
    tokenizer = Tokenizer()
    ids = [*text.encode("utf-8")]
    while len(tokenizer.bytes) < vocab_size:
        counts = Counter(zip(ids, ids[1:]))
        most = max(counts.values(), default=0)
        if most <= 1:
            break
        pair = min(p for p, n in counts.items() if n == most)
        tokenizer.add(*pair)
        ids = Tokenizer.joined(ids, pair, len(tokenizer.bytes) - 1)
    return list(tokenizer.rank)


def encode(text, merges):
    return Tokenizer(merges).tokens(text)


def decode(ids, merges):
    known = Tokenizer(merges).bytes
    missing = [token for token in ids if token not in range(len(known))]
    if missing:
        raise ValueError(f"tokens {missing} do not exist")
    return b"".join(known[token] for token in ids).decode("utf-8", errors="replace")
