"""What test and answer both hold, and what is seldom asked for."""
