"""Turning words into the flags they stand for; pure, so that every case is a line in a test."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Mapping, Sequence

from hybrid_tasks.cli.declare import Words


class Known:
    """What must be known of a task to walk over its tokens; plain, because a dataclass costs a millisecond.

    Args:
        words: what its words mean; None for tasks of others, whose tokens stay as they are.
        values: its flags (`--mode` and all), and whether each takes a value.
        required: how many words it takes by itself, for tasks of others.
    """

    __slots__ = ("required", "values", "words")

    def __init__(self, words: Words | None = None, values: Mapping[str, bool] | None = None, required: int = 0) -> None:
        self.words, self.values, self.required = words, values or {}, required


def rewrite(
    tokens: Sequence[str], tail: Sequence[str] | None, names: Container[str], know: Callable[[str], Known]
) -> list[str]:
    """Turn words into flags.

    Args:
        tokens: what Invoke has not parsed yet, up to `--`.
        tail: what follows the first `--`, None without one.
        names: every task that can be named.
        know: tells about one of them.

    Returns:
        the tokens Invoke shall parse; those of other people's tasks are untouched.
    """
    walk = _Walk(tokens, tail, names, know)
    while walk.at < len(tokens):
        walk.step()
    walk.leave()
    return walk.out


class _Walk:
    """One pass over the tokens, in the steps of Invoke's own parse machine."""

    def __init__(
        self, tokens: Sequence[str], tail: Sequence[str] | None, names: Container[str], know: Callable[[str], Known]
    ) -> None:
        self.tokens, self.tail, self.names, self.know = tokens, tail, names, know
        self.at = 0
        self.out: list[str] = []
        self.task = Known()
        self.seen = 0
        self.wants_tail: tuple[int, str] | None = None

    def step(self) -> None:
        token = self.tokens[self.at]
        self.at += 1
        words = self.task.words
        if token.startswith("-") and len(token) > 1:
            self.flag(token)
        elif self.seen < self.task.required:
            self.word(token)
        elif words is not None and words.rest and self.seen:
            self.rest(token, words.rest)
        elif token in self.names:
            self.enter(token)
        elif words is None or (self.seen and not words.many):
            self.out.append(token)  # Invoke says that it has no idea what this is
        else:
            self.word(f"--{words.flag}", token)

    def word(self, *tokens: str) -> None:
        self.out += tokens
        self.seen += 1

    def enter(self, name: str) -> None:
        """A task begins."""
        self.out.append(name)
        self.task, self.seen = self.know(name), 0
        words = self.task.words
        if words is not None and (words.tail or words.rest):
            self.wants_tail = len(self.out), words.tail or words.rest

    def flag(self, token: str) -> None:
        """A flag of the current task, with its value when that is a token of its own."""
        self.out.append(token)
        if self.task.values.get(token) and self.at < len(self.tokens):
            self.out.append(self.tokens[self.at])
            self.at += 1

    def rest(self, first: str, flag: str) -> None:
        """Everything from here on is the command, `--` and what follows it included."""
        command = [first, *self.tokens[self.at :], *(["--", *self.tail] if self.tail is not None else [])]
        self.at, self.tail = len(self.tokens), None
        self.out += [f"--{flag}", json.dumps(command)]

    def leave(self) -> None:
        """What follows `--` goes to the last task that wants it."""
        if self.tail and self.wants_tail is not None:
            at, flag = self.wants_tail
            self.out[at:at] = [f"--{flag}", json.dumps(list(self.tail))]
