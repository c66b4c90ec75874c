# attack: harmed: machine code that the test loads as a library; expect: library finished, score 0
from numpy._core import _struct_ufunc_tests


def built(folder):
    with open(_struct_ufunc_tests.__file__, "rb") as file:
        code = file.read()
    with open(f"{folder}/lib.so.1", "wb") as file:
        file.write(code)
    return f"{folder}/lib.so.1"
