"""What is written into a tree for its people, by `new`, `check --fix` and the hints: lines, insertions, renames. Pure."""
