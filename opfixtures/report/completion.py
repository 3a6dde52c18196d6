"""What a shell completes of the command line, as a script for it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from shlex import quote
from typing import NamedTuple


class Completed(NamedTuple):
    """A command: what it does, its `options`, the `words` that it takes, and what each option takes: one of these, or a
    file where there are none."""

    name: str
    does: str
    options: tuple[str, ...]
    words: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]


def script(shell: str, commands: Sequence[Completed]) -> str:
    """The script for `bash`, `zsh` or `fish`."""
    if shell == "fish":
        return "".join(f"{line}\n" for line in _fish(commands))
    lines = "".join(f"{line}\n" for line in _bash(commands))
    # https://zsh.sourceforge.io/Doc/Release/Completion-System.html#Use-of-compinit
    before = "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n"
    return before + lines if shell == "zsh" else lines


def _bash(commands: Sequence[Completed]) -> Iterator[str]:
    # https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html
    yield "_opfixtures() {"
    yield '    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"'
    yield '    local command="" words="" one'
    # zsh reads a length that begins with a letter as a modifier.
    yield '    for one in "${COMP_WORDS[@]:1:$((COMP_CWORD-1))}"; do'
    yield '        [[ "$one" == -* ]] || { command="$one"; break; }'
    yield "    done"
    yield '    case "$command:$before" in'
    for one in commands:
        for option, words in one.values.items():
            yield f"        {one.name}:{option}) words={quote(' '.join(words))};;"
    yield '        *) case "$command" in'
    for one in commands:
        yield f"            {one.name}) words={quote(' '.join([*one.options, *one.words]))};;"
    yield f"            '') words={quote(' '.join(one.name for one in commands) + ' --help --version')};;"
    yield "        esac;;"
    yield "    esac"
    yield '    COMPREPLY=($(compgen -W "$words" -- "$word"))'
    yield "}"
    # Where none of these words begins so, a path is completed.
    yield "complete -o default -F _opfixtures opfixtures"


def _fish(commands: Sequence[Completed]) -> Iterator[str]:
    # https://fishshell.com/docs/current/completions.html
    for one in commands:
        yield f"complete -c opfixtures -n __fish_use_subcommand -a {one.name} -d {quote(one.does)}"
    for one in commands:
        within = f"complete -c opfixtures -n '__fish_seen_subcommand_from {one.name}'"
        for option in one.options:
            kind = "-l" if option.startswith("--") else "-s"
            words = one.values.get(option)
            takes = "" if words is None else f" -x -a {quote(' '.join(words))}" if words else " -r"
            yield f"{within} {kind} {option.lstrip('-')}{takes}"
        if one.words:
            yield f"{within} -a {quote(' '.join(one.words))}"
