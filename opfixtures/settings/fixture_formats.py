"""The endings of fixtures. Imports nothing: the hook asks for them."""

FIXTURE_FORMATS = ("ptl", "pt", "pt2")
"""What `fixture-format` may be: the ending of a fixture's file name. `archives.formats` says how each is read."""
STAMPED_FORMATS = ("ptl", "pt")
"""Those that TorchScript stamps with an operator version."""
STAMPED = tuple(f".{ending}" for ending in STAMPED_FORMATS)
"""How the name of such a fixture ends."""
FIXTURES = tuple(f".{ending}" for ending in FIXTURE_FORMATS)
"""How the name of a fixture ends."""
RECORDS = tuple(f"{ending}.json" for ending in FIXTURES)
"""How the name of a record ends."""
