import sys

name = input("Your name? ")
if not name:
    sys.exit("Nobody is there.")
print(f"Hello, {name}!")
print("Bye!")
