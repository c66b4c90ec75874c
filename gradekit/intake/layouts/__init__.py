"""How each system lays out what a class handed in: one module a system."""
