"""Another version for the entries of a change: `choose` says which, `rewrite` writes it into the files. Pure."""
