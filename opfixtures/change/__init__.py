"""The change between two states: what is added and published, and which fixture entry covers which entry."""
