"""Ask for a name, and say hello and goodbye: `Hello, NAME!`, then `Bye!`."""
