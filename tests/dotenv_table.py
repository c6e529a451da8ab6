"""The written table of `.env` files whose meaning is Compose's to decide; the answers are in `golden/dotenv.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden" / "dotenv.json"
SHELL = {"X": "1", "EMPTY": "", "LONG": "a b"}
PEM = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQx+/==\nk4Z/1a0=\n-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Case:
    """One file, the shell it is read in, and why we refuse or read it otherwise than Compose (empty: we do not)."""

    name: str
    text: str | bytes
    shell: Mapping[str, str] = field(default_factory=lambda: SHELL)
    stricter: str = ""

    @property
    def data(self) -> bytes:
        return self.text if isinstance(self.text, bytes) else self.text.encode()


def golden() -> dict[str, dict[str, object]]:
    """Compose's frozen answers by case: {"file", "shell", "values"} or {"file", "shell", "error"}."""
    return json.loads(GOLDEN.read_text("utf-8"))


CASES = (
    # plain lines
    Case("plain", "A=1\n"),
    Case("blanks around equals", "A = 1\n"),
    Case("tabs around equals", "A\t=\t1\t\n"),
    Case("empty value", "A=\nB=\n"),
    Case("no line break at the end", "A=1"),
    Case("blank lines and comments", "\n# c\n\n  # d\nA=1\n\n#e"),
    Case("indented", "  A=1\n\tB=2\n"),
    Case("equals in value", "A=b=c==\n"),
    Case("duplicate keys", "A=1\nB=x\nA=2\n"),
    Case("lower case and unicode names", "a=1\né=2\n"),
    Case("dash dot bracket digit in name", "A-B=1\nA.B=2\nA[0]=3\n1A=4\n_=5\n"),
    Case("unicode value", "A=größe 漢字 🐍\n"),
    Case("command substitution is text", "A=$(id)\nB=`id`\n"),
    Case("json value", 'A={"a": [1, "b"]}\n'),
    # export
    Case("export", "export A=1\n"),
    Case("export tab", "export\tA=1\n"),
    Case("export many blanks", "export    A=1\n"),
    Case("export without value", "export X\nexport NOPE\n"),
    Case("export alone", "export\nA=1\n"),
    Case("export as a name", "export=1\nexportA=2\n"),
    # names without value, yaml style
    Case("name alone set outside", "X\n"),
    Case("name alone not set outside", "NOPE\nA=1\n"),
    Case("name alone keeps the file's value", "A=1\nA\n"),
    Case("name alone takes the shell's over the file's", "X=file\nX\n"),
    Case("name alone at the end", "X", stricter="Compose 2.40 reads the last line's name as a value without name"),
    Case("yaml", "A: yaml\n"),
    Case("yaml without blank", "A:yaml\nB:\n"),
    Case("yaml quoted", "A: \"x $X\"\nB: 'y'\n"),
    Case("url as a line", "http://localhost:80\n"),
    # comments
    Case("comment after value", "A=x # c\nB=x #c\n"),
    Case("hash in value", "A=x#c\nB=#c\n"),
    Case("hash after blanks only", "A=  # c\n"),
    Case("hash after tab", "A=x\t#c\n"),
    Case("hash in url", "A=https://h/p#frag?x=1\n"),
    Case("comment after quotes", 'A="x" # c\nB=\'y\'#c\nC="a # b"\n'),
    # quotes
    Case("single quotes", "A='$X ${X} \\n \"q\"'\n"),
    Case("double quotes", "A=\"$X ${X} 'q'\"\n"),
    Case("quotes inside unquoted", "A=a\"b'c\n"),
    Case("escaped quotes", "A=\"a\\\"b\"\nB='a\\'b'\n"),
    Case("backslash before closing quote", "A=\"a\\\\\"\nB='a\\\\'\n"),
    Case("escapes in double quotes", 'A="\\n|\\t|\\r|\\a|\\b|\\f|\\v|\\\\|\\c|\\x41|\\q"\n'),
    Case("octal escapes", 'A="\\0101 \\07 \\08 \\0377 \\0400"\n'),
    Case("escapes outside double quotes", "A=a\\nb\nB='a\\nb'\n"),
    Case("escaped dollar", 'A="a\\$X"\nB=\\$X\nC="\\\\$X"\n'),
    Case("multi-line double", 'A="1\n2\n"\nB=3\n'),
    Case("multi-line single", "A='1\n  # no comment\nB=2'\nC=3\n"),
    Case("multi-line pem", f'KEY="{PEM}"\nB=2\n'),
    Case("empty quotes", "A=\"\"\nB=''\n"),
    Case("blanks inside quotes", "A=\"  x  \"\nB='\ty '\n"),
    Case("text after closing quote", 'A="a"b\n'),
    Case("text after closing quote set outside", 'A="a"X\n'),
    Case("assignment after closing quote", 'A="a" B=2\nC=3\n'),
    Case("value on the next line", "A=\n'x'=1\n"),
    Case("long backslash end", "A=x\\\nB=2\n"),
    # interpolation
    Case("named", "A=$X\nB=${X}\nC=$X$X/$X.\n"),
    Case("not set", "A=$NOPE|${NOPE}|\n"),
    Case("earlier in the file", "A=1\nB=${A}2\nC=$B\n"),
    Case("later in the file", "B=${A}\nA=1\n"),
    Case("shell before file", "X=file\nA=${X}\n"),
    Case("circular", "A=${A}\nB=${C}\nC=${B}\n"),
    Case("dollar dollar", "A=pa$$word\nB=$$$$\nC=$$X\nD=$$$X\n"),
    Case("dollar in password", "A=p@ss$word\nB=p$1x$ $.\nC=end$\n"),
    Case("default", "A=${NOPE:-d}|${NOPE-d}|${X:-d}|${X-d}|${EMPTY:-d}|${EMPTY-d}\n"),
    Case("default with blanks", "A=${NOPE:-a b}\nB=${NOPE:-}\n"),
    Case("default with hash", "A=${NOPE:-a#b} #c\n"),
    Case("default quoted", "A=\"${NOPE:-a 'b'}\"\n"),
    Case("nested defaults", "A=${NOPE:-${NADA:-z}}\nB=${NOPE:-${X}}\nC=${NOPE:-$X}y\nD=${NOPE-${NADA:-${X}}}w\n"),
    Case("braces in default", "A=${NOPE:-{a}}\nB=${NOPE:-a}b}\nC=${NOPE:-}}\n"),
    Case("several on a line", "A=${NOPE:-a}-${X:-b}-${EMPTY:-c}\n"),
    Case("alternative", "A=${X:+a}|${X+a}|${EMPTY:+a}|${EMPTY+a}|${NOPE:+a}|${NOPE+a}\n"),
    Case("nested alternative", "A=${X:+[$X]}${NOPE:-${X:+y}}\n"),
    Case("required and set", "A=${X:?m}|${X?m}|${EMPTY?m}\n"),
    Case("url from parts", "U=shop\nP=s3cret\nA=postgres://$U:${P}@${H:-localhost}:${PORT:-5432}/db?a=b\n"),
    Case("value of a value is not interpolated", "A='$X'\nB=$A\n"),
    Case("interpolation in both lines of quotes", 'A="$X\n${X}"\n'),
    # bytes
    Case("crlf", "A=1\r\nB='2'\r\n# c\r\nC=$X\r\nNOPE\r\n"),
    Case("crlf inside quotes", 'A="1\r\n2"\r\n'),
    Case("lone carriage return", "A=1\rB=2\n"),
    Case("carriage return at the end", "A=1\r"),
    Case("byte order mark", "\ufeffA=1\n"),
    Case("no-break space", "A=\u00a0x\u00a0\n\u00a0B\u00a0=1\n"),
    Case("wide space", "A=\u2003x\u2003\n\u2003B=1\n"),
    Case("form feed and vertical tab", "A=\fx\v\n\f\vB=1\n"),
    Case("escape character", "A=\x1b[31mred\n"),
    Case("only comments", "# a\n#b"),
    Case("empty file", ""),
    Case("only blanks", " \n\t\n"),
    # what Compose refuses
    Case("blank in name", "A B=x\n"),
    Case("blank in name without value", "A B\n"),
    Case("slash in name", "A/B=1\n"),
    Case("quoted name", '"A"=1\n'),
    Case("single quoted name", "'A'=1\n"),
    Case("dollar in name", "$A=1\n"),
    Case("plus in name", "A+=1\n"),
    Case("wide space in name", "A\u2003=1\n"),
    Case("comment after a name alone", "X # c\n"),
    Case("unterminated double quote", 'A="x\nB=1\n'),
    Case("unterminated single quote", "A='x\nB=1\n"),
    Case("quote closed by the next line", 'A="x\nB="y"\n'),
    Case("required and not set", "A=${NOPE:?set it}\n"),
    Case("required and not set, short", "A=${NOPE?}\n"),
    Case("required and empty", "A=${EMPTY:?set it}\n"),
    Case("required inside an unused default", "A=${X:-${NOPE:?m}}\n"),
    Case("brace not closed", "A=${X\n"),
    Case("brace without name", "A=${}\n"),
    Case("brace with digit", "A=${1}\n"),
    Case("brace with blank", "A=${X y}\n"),
    Case("brace closed on the next line", 'A="${NOPE:-a\nb}"\n'),
    Case("comment cuts a default", "A=${NOPE:-a #b}\n"),
    Case("malformed default not needed", "A=${X:-${}\n"),
    # what we refuse beyond that
    Case("no name", "=x\n", stricter="no program can be given a variable without name"),
    Case("no name, yaml", ":x\n", stricter="no program can be given a variable without name"),
    Case("tab in name", "A\tB=x\n", stricter="Compose refuses a blank in a name and overlooks a tab"),
    Case("latin-1", b"A=caf\xe9\n", stricter="Compose passes a broken byte on"),
    Case("nul byte", b"A=a\0b\n", stricter="no program can be given a NUL"),
    Case("nul escape", 'A="\\0000"\n', stricter="no program can be given a NUL"),
)
