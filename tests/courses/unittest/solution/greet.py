name = input("Your name? ")
print(f"Hello, {name}!")
print("Bye!")
