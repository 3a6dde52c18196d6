"""What a library needs before its first fixture: found out from its tree, and written."""
