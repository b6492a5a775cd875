"""What a return is: facts, schemas, vocabulary, the fold. Imports nothing of ours."""
