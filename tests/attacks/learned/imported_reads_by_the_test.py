# attack: learned: names a file for the test to read, whose text stands in its message; expect: text finished, score 0
def write_text(folder):
    return "/dev/shm/kit_secret.py"
