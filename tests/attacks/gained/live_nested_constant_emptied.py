# attack: gained: empties a list within a constant of the check; expect: score 0
def look(items):
    items["names"].clear()
    return 1


def names():
    return []
