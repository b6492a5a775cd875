"""Partner systems one can run: own storage, real protocols, faults on demand; no code of the product."""
