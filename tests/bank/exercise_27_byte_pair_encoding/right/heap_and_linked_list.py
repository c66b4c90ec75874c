import heapq


def train_bpe(text, vocab_size):
    if vocab_size < 256:
        raise ValueError("vocabulary too small")
    seq = list(text.encode("utf-8"))
    merges = []
    for new in range(256, vocab_size):
        places = {}
        for i in range(len(seq) - 1):
            places.setdefault((seq[i], seq[i + 1]), []).append(i)
        heap = [(-len(where), pair) for pair, where in places.items()]
        heapq.heapify(heap)
        if not heap or heap[0][0] > -2:
            break
        pair = heap[0][1]
        merges.append(pair)
        free = 0
        for i in places[pair]:
            if i >= free:
                seq[i], seq[i + 1] = new, None
                free = i + 2
        seq = [t for t in seq if t is not None]
    return merges


def encode(text, merges):
    tokens = list(text.encode("utf-8"))
    n = len(tokens)
    rank = {pair: k for k, pair in enumerate(merges)}
    following = list(range(1, n)) + [-1] if n else []
    before = list(range(-1, n - 1))
    heap = []

    def offer(i):
        j = following[i]
        if j != -1 and (tokens[i], tokens[j]) in rank:
            heapq.heappush(heap, (rank[tokens[i], tokens[j]], i))

    for i in range(n):
        offer(i)
    while heap:
        k, i = heapq.heappop(heap)
        j = following[i] if tokens[i] is not None else -1
        if j == -1 or tokens[i] is None or (tokens[i], tokens[j]) != merges[k]:
            continue
        tokens[i], tokens[j] = 256 + k, None
        following[i] = following[j]
        if following[j] != -1:
            before[following[j]] = i
        offer(i)
        if before[i] != -1:
            offer(before[i])
    return [t for t in tokens if t is not None]


def decode(ids, merges):
    out = bytearray()
    for token in ids:
        if not 0 <= token < 256 + len(merges):
            raise ValueError(token)
        stack = [token]
        while stack:
            top = stack.pop()
            if top < 256:
                out.append(top)
            else:
                left, right = merges[top - 256]
                stack += [right, left]
    return out.decode("utf-8", "replace")
