# attack: harmed: a class of more bases than a class may have; expect: equal malformed, score 0
BASES = tuple(type(f"B{number}", (), {}) for number in range(60))


def five():
    return type("Many", BASES, {})()
