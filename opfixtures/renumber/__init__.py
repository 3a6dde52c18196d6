"""Another version for the entries of a change: `choose` says which, `synthesis.rewrite` writes it. Pure."""
