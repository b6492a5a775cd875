"""What is the same for X12 and EDIFACT: telling them apart, looking into files, acknowledgements, advice."""
