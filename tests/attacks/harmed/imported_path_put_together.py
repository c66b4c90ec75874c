# attack: harmed: a path in pieces, which the test puts together; expect: score 0
def letters():
    return list("CANARIES/file")
