"""What can go wrong by the user's hand. `cli` prints each as one sentence."""


class UserError(Exception):
    """An error the user can mend: one sentence that says what, where and what to do. Exit status 2."""


class GitError(UserError):
    """git is missing, failed, or does not have what was asked for."""


class ConfigurationError(UserError):
    """`[tool.opfixtures]` or `.opfixtures.toml` cannot be used as it stands."""


class NothingToCheck(ConfigurationError):
    """Neither of the two states that are compared has a project: settings, or PyTorch's paths."""


class NotInTheIndex(NothingToCheck):
    """The work tree has a project that the index does not hold."""


class NothingChanged(UserError):
    """An operator is what it was, as far as what is compared shows."""


class RuntimeUnavailable(UserError):
    """A runtime cannot be had: no such release, no such Python, no network, or its setup failed.

    `below` are the last lines that a command printed.
    """

    def __init__(self, sentence: str, below: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.below = below

    @property
    def whole(self) -> str:
        """The sentence, and what is below it, a line each."""
        return "\n".join([str(self), *(f"  {line}" for line in self.below)])
