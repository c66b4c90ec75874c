"""Small changes of a source: the operators that mutants, and explanations, are made with."""
