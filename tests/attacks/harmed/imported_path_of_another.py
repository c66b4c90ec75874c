# attack: harmed: names somebody else's file for the test to delete; expect: removed finished, resolved finished, score 0
def report():
    return "CANARIES/file"
