"""JSON over HTTP: paged collections with a change time in, one request per effect out."""
