"""Partner systems one can run: own storage, real protocols, faults on demand. Share no code with the product."""
