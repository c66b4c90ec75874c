# attack: harmed: SQL that opens files, beside the test's database; expect: queried finished, score 0
def queries():
    return ["CREATE TABLE t (x)", "VACUUM INTO 'CANARIES/copy.db'"]
