"""What a repository says about its operators, read from source text alone."""
