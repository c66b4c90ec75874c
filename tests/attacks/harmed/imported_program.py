# attack: harmed: code for a test that starts it as a program; expect: started finished, score 0
def code():
    return "with open('CANARIES/file', 'w') as file:\n    file.write('harmed')\n"
