# attack: harmed: a path of which the test makes another text; expect: removed finished, resolved finished, score 0
def report():
    return "CANARIES/folder/../file"
