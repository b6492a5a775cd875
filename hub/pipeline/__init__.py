"""The way of one message, one verb a file: read, admit, decide, deliver, acknowledge."""
