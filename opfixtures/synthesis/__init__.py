"""Synthesis: what nobody writes by hand: fixture modules, their sample inputs, upgraders' skeletons, insertions."""
