"""Ranges of operator versions, as a runtime's `operator-versions` writes them."""

from __future__ import annotations

from opfixtures.errors import ConfigurationError
from opfixtures.values import dataclass

_SIGNS = ("<=", ">=", "==", "<", ">")


@dataclass(frozen=True, slots=True)
class VersionRange:
    """Operator versions from `lowest` to `highest`, both included; None is no bound."""

    lowest: int = 0
    highest: int | None = None

    @classmethod
    def parse(cls, text: str) -> VersionRange:
        """Read `<=9`, `>=10`, `==4` or several joined by commas, which must all hold: `>=5,<=8`.

        Raises:
            ConfigurationError: another form, or no version satisfies it.
        """
        lowest, highest = 0, None
        for part in text.split(","):
            sign = next((sign for sign in _SIGNS if part.strip().startswith(sign)), None)
            digits = part.strip().removeprefix(sign or "").strip()
            if sign is None or not (digits.isascii() and digits.isdigit() and len(digits) < 10):
                raise ConfigurationError(
                    f"{text[:80]!r} is no range of operator versions: write it like '>=5,<=8'"
                )
            number = int(digits)
            if sign in (">=", "==", ">"):
                lowest = max(lowest, number + (sign == ">"))
            if sign in ("<=", "==", "<"):
                bound = number - (sign == "<")
                highest = bound if highest is None else min(highest, bound)
        if highest is not None and highest < lowest:
            raise ConfigurationError(f"{text[:80]!r} holds no operator version: write it like '>=5,<=8'")
        return cls(lowest, highest)

    def __str__(self) -> str:
        """The range as a setting writes it."""
        if self.highest is None:
            return f">={self.lowest}"
        return f"=={self.lowest}" if self.lowest == self.highest else f">={self.lowest},<={self.highest}"

    @property
    def top(self) -> float:
        """The highest version in the range, infinity where there is no bound."""
        return float("inf") if self.highest is None else self.highest

    def holds(self, version: int) -> bool:
        """Whether `version` is in the range."""
        return self.lowest <= version and (self.highest is None or version <= self.highest)
