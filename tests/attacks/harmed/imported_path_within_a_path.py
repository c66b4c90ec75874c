# attack: harmed: a path that leads out of the test's folder, for the test to open; expect: reader finished, text finished, score 0
def write_text(folder):
    return f"{folder}/../../../../../CANARIES/file"


def first(read, folder):
    return read(folder + "/../../../..CANARIES/file")
