"""Files on a partner's SFTP server, with a pinned host key and whole files only."""
