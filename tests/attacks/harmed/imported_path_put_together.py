# attack: harmed: a path in pieces, which the test puts together; expect: joined finished, score 0
def letters():
    return list("CANARIES/file")
