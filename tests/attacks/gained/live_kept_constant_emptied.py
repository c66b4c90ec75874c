# attack: gained: keeps what the check compares with, and empties it later; expect: score 0
kept = []


def look(items):
    kept.append(items)
    return len(items)


def names():
    kept[0].clear()
    return []
