"""The repository as git has it: snapshots of a commit, of the index, of the work tree."""
