"""What `new`, `check --fix` and the hints write into a tree: lines, insertions and renames, file by file. Pure."""
