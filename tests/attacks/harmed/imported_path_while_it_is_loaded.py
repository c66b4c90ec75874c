# attack: harmed: names a file for code of the test that runs as it is loaded; expect: eval finished, block finished, score 0
FIRST = "CANARIES/file"
