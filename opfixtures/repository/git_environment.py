"""What every git is started with, and what git says through its environment.

Imports nothing: the hook asks git before it imports anything else.
"""

START_NOTHING = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false")
"""Options of git, before its command: what a repository's configuration has git start for whatever it is asked stays
off, a monitor of files and what looks at signatures."""
OFFLINE = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": ""}
"""What a partial clone lacks is not fetched by the way. Gits before 2.45 know the second alone, an empty list of
protocols (https://git-scm.com/docs/git)."""
ALONE = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", **OFFLINE}
"""What git finds in its environment: it waits for nobody, and asks nobody elsewhere."""
MERGED = "GITHEAD_"
"""How a variable begins that `git merge` sets for each head it merges, and ends with that head's id."""
