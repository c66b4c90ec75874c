# attack: harmed: a list of more objects than a worker holds; expect: names malformed, score 0
class Link:
    pass


def names():
    return [Link() for _ in range(20_000)]
