"""A command written as one text, split into words once; a shell never sees it."""

from __future__ import annotations

import shlex

from hybrid_tasks.config.words import quoted

_NEEDS_SHELL = frozenset({"&&", "||", "|", "|&", ";", "&", ">", ">>", "<", "<<", "2>", "2>&1", "&>"})


class NotWords(Exception):
    """A text that is no command; `words` say why and `cure` what to write."""

    def __init__(self, words: str, cure: str) -> None:
        super().__init__(words)
        self.words = words
        self.cure = cure


def split(text: str) -> list[str]:
    """Split a command into its words as a shell would quote them.

    Args:
        text: `npm run "my script"`.

    Returns:
        the argument vector, at least one word.

    Raises:
        NotWords: empty, a quote is open, or it needs a shell (`a && b`).
    """
    if "\0" in text:
        raise NotWords("a command cannot contain a NUL byte", "remove it")
    try:
        words = shlex.split(text)
    except ValueError as error:
        reason = str(error).lower()
        raise NotWords(
            f"{quoted(text)} cannot be split: {reason}", 'close the quote, or write a list: `["echo", "it\'s"]`'
        ) from None
    if not words or not words[0]:
        raise NotWords(f"expected a program and its arguments, got {quoted(text)}", 'write `{key} = "npm run dev"`')
    shell = next((word for word in words if word in _NEEDS_SHELL or word.endswith(";")), None)
    if shell is not None:
        listed = f'["sh", "-c", {quoted(text)}]'
        raise NotWords(f"`{shell}` needs a shell, and commands run without one", f"write `{{key}} = {listed}`")
    return words
