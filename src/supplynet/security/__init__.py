"""Who may do what; passwords, tokens, keys, signatures, encryption. No database, no network."""
