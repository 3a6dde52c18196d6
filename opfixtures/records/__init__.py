"""The record beside each fixture: its form, the values in it, their tolerances, and the pair on disk."""
