BASE = 0xF0000


def train_bpe(text, vocab_size):
    if vocab_size < 256:
        raise ValueError("vocab_size")
    s = "".join(chr(BASE + b) for b in text.encode("utf8"))
    merges = []
    for token in range(256, vocab_size):
        best, most = None, 1
        for pair in sorted({s[i : i + 2] for i in range(len(s) - 1)}):
            count = sum(1 for i in range(len(s) - 1) if s[i : i + 2] == pair)
            if count > most:
                best, most = pair, count
        if best is None:
            return merges
        merges.append((ord(best[0]) - BASE, ord(best[1]) - BASE))
        s = s.replace(best, chr(BASE + token))
    return merges


def encode(text, merges):
    s = "".join(chr(BASE + b) for b in text.encode("utf8"))
    for k, (a, b) in enumerate(merges):
        s = s.replace(chr(BASE + a) + chr(BASE + b), chr(BASE + 256 + k))
    return [ord(c) - BASE for c in s]


def decode(ids, merges):
    def spell(token):
        if token < 0 or token >= 256 + len(merges):
            raise ValueError(f"no token {token}")
        if token < 256:
            return bytes([token])
        left, right = merges[token - 256]
        return spell(left) + spell(right)

    out = b""
    for token in ids:
        out += spell(token)
    return str(out, "utf-8", "replace")
