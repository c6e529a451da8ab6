"""What a service prints and a terminal must not obey: everything but colours is made harmless here.

A log line may rename the window, fill the clipboard, hide text behind a carriage return, turn the reading order
round or wait for an answer. Only SGR (`ESC [ ... m`: colours, bold) may pass, and only to a terminal.
All functions work on whole blocks of complete lines; no sequence reaches over a line's end.
"""

from __future__ import annotations

import re

RESET = b"\x1b[0m"

_PARAMETERS = rb"[0-9;:]{0,64}m"
_SGR = re.compile(rb"\x1b\[" + _PARAMETERS)
_NOT_SGR = re.compile(rb"\x1b(?!\[" + _PARAMETERS + rb")")
# Reading order and 8-bit controls, as UTF-8; the block holds valid UTF-8 when this is asked.
_HIDDEN = (
    re.compile(rb"\xc2[\x80-\x9f]"),
    re.compile(rb"\xe2\x80[\x8e\x8f\xaa-\xae]"),
    re.compile(rb"\xe2\x81[\xa6-\xa9]"),
    re.compile(rb"\xd8\x9c"),
)
_HIDDEN_STARTS = (b"\xc2", b"\xe2\x80", b"\xe2\x81", b"\xd8\x9c")
# DCS, SOS, OSC, PM, APC carry text; a line's end ends it, so that a half one swallows nothing.
_PAYLOAD = rb"(?:[^\x07\x1b\n\xc2]|\xc2(?![\x80-\x9f]))*+(?:\x07|\x1b\\|\xc2\x9c)"
_CSI = rb"[0-?]*[ -/]*[@-~]"
# CSI, strings, then the rest of ISO 2022 (character sets, reset, cursor); colours are left alone.
# One literal byte in front makes the search for them fast.
_SEQUENCE = rb"\x1b(?!\[%b)(?:\[%b|[PX\]^_]%b|[ -/]+[0-~]|[0-Z\\`-~])" % (_PARAMETERS, _CSI, _PAYLOAD)
_SEQUENCE_8_BIT = rb"%b|\xc2\x9b%b|\xc2[\x90\x98\x9d\x9e\x9f]%b" % (_SEQUENCE, _CSI, _PAYLOAD)
_REST = (
    rb"(?P<sgr>\x1b\[%b)|%b|(?P<control>[\x00-\x08\x0b\x0c\x0e-\x1f\x7f])"
    rb"|(?P<hidden>\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]|\xd8\x9c)"
    % (_PARAMETERS, _SEQUENCE_8_BIT)
)
_RETURNS = re.compile(rb"\r+")
_PRINTABLE = bytes(byte for byte in range(256) if byte in b"\n\t" or (byte >= 0x20 and byte != 0x7F))  # noqa: PLR2004 - ASCII
_DEL = 0x7F


def clean(block: bytes, *, colours: bool) -> bytes:
    r"""A block of lines as it may be shown.

    Args:
        block: complete lines as the service wrote them, any bytes.
        colours: SGR stays; else no escape at all does.

    Returns:
        valid UTF-8 in which sequences are gone, stray control characters are visible (`␀`, `\u202e`) and a
        carriage return begins a line of its own, so that nothing is hidden behind it.
    """
    block = _sifted(block) if colours else strip(block)
    if b"\r" in block:
        block = _RETURNS.sub(b"\r", block).replace(b"\r\n", b"\n").replace(b"\n\r", b"\n")
        block = block.lstrip(b"\r").replace(b"\r", b"\n")
    return block


def strip(block: bytes) -> bytes:
    """The same without any escape sequence; carriage returns stay, so the number of line ends is unchanged."""
    if b"\x1b" in block and not _NOT_SGR.search(block):  # only colours: the quick way
        block = _SGR.sub(b"", block)
    return _sifted(block, keep_colours=False)


def plain(text: str) -> str:
    """A name or a message as it may be printed in one line."""
    return clean(text.encode("utf-8", "replace"), colours=False).decode().replace("\n", " ")


def _sifted(block: bytes, *, keep_colours: bool = True) -> bytes:
    if not block.isascii():
        block = _valid(block)
    if _harmless(block, keep_colours=keep_colours):
        return block
    # Compiled, and kept by `re`, only when a block needs them: most logs hold nothing but text and colours.
    block = re.compile(_SEQUENCE_8_BIT if b"\xc2" in block else _SEQUENCE).sub(b"", block)
    if _harmless(block, keep_colours=keep_colours):
        return block
    return re.compile(_REST).sub(_kept if keep_colours else _dropped, block)


def _harmless(block: bytes, *, keep_colours: bool) -> bool:
    """Whether a block of valid UTF-8 may be shown as it is; looks at it in few big steps."""
    unusual = block.translate(None, _PRINTABLE)
    if unusual:
        unusual = unusual.replace(b"\r", b"")
        if unusual and not (keep_colours and not unusual.strip(b"\x1b") and not _NOT_SGR.search(block)):
            return False
    return block.isascii() or not _hides(block)


def _valid(block: bytes) -> bytes:
    try:
        block.decode()
    except UnicodeDecodeError:
        return block.decode("utf-8", "replace").encode()
    return block


def _hides(block: bytes) -> bool:
    return any(start in block and search.search(block) for start, search in zip(_HIDDEN_STARTS, _HIDDEN, strict=True))


def _kept(match: re.Match[bytes]) -> bytes:
    return match["sgr"] or _dropped(match)


def _dropped(match: re.Match[bytes]) -> bytes:
    control, hidden = match.group("control", "hidden")
    if control is not None:
        byte = control[0]
        return b"\xe2\x90\xa1" if byte == _DEL else bytes((0xE2, 0x90, 0x80 + byte))
    if hidden is not None:
        return b"\\u%04x" % ord(hidden.decode())
    return b""
