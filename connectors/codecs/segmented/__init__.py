"""What X12 and EDIFACT share: a window on a streamed document, grammars, and placing segments by them."""
