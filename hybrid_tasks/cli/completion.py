"""Completion scripts: one small awk program that knows our tasks and reads the names from `hybrid.toml`.

No Python runs at a TAB. The program is the same in every shell; it prints candidates, or exits with 3 (there is no
project here: ask Invoke) or 4 (a command of the user's own: complete files).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SHELLS = ("bash", "zsh", "fish")

VALUES = {
    "--mode": "modes",
    "--service": "services",
    "--step": "steps",
    "--format": "formats",
    "--shell": "shells",
    "--level": "levels",
}
"""What a flag's value is completed with."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a task can be completed with.

    Args:
        takes: `services`, `service`, `rest` (a service, then a command), `step`, `shell` or nothing.
        flags: its flags.
        valued: those of them that take a value.
    """

    takes: str
    flags: tuple[str, ...]
    valued: tuple[str, ...]


_PROGRAM = r"""
function find(dir,   file) {
    for (;;) {
        file = dir "/hybrid.toml"
        if ((getline line < file) >= 0) { close(file); root = dir; return file }
        file = dir "/pyproject.toml"
        while ((getline line < file) > 0)
            if (line ~ /^[ \t]*\[+[ \t]*tool\.hybrid[].]/) { close(file); root = dir; return file }
        close(file)
        if (dir == "") return ""
        sub(/\/[^\/]*$/, "", dir)
    }
}
function read(file,   part, name) {
    while ((getline line < file) > 0) {
        gsub("[ \t\"\047]", "", line)
        if (file ~ /pyproject/ && !sub(/^\[tool\.hybrid\./, "[", line)) continue
        if (line !~ /^\[(services|steps|modes)\./) continue
        sub(/^\[/, "", line)
        part = line; sub(/\..*$/, "", part)
        name = line; sub(/^[a-z]*\./, "", name); sub(/[^A-Za-z0-9_-].*$/, "", name)
        if (name == "" || (part, name) in seen_name) continue
        seen_name[part, name] = 1
        names[part] = names[part] " " name
        if (part == "steps" && !(("dev-" name) in takes)) { takes["dev-" name] = ""; tasks = tasks " dev-" name }
    }
    close(file)
}
function own(file,   marked, name) {
    while ((getline line < file) > 0) {
        if (line ~ /^@task/) marked = 1
        else if (marked && line ~ /^(async )?def /) {
            name = line; sub(/^(async )?def +/, "", name); sub(/[^A-Za-z0-9_].*$/, "", name); gsub(/_/, "-", name)
            if (!(name in takes)) { takes[name] = ""; tasks = tasks " " name }
            marked = 0
        }
    }
    close(file)
}
function offer(list,   parts, count, i) {
    count = split(list, parts, " ")
    for (i = 1; i <= count; i++) {
        if (substr(parts[i], 1, length(current)) != current || parts[i] in offered) continue
        offered[parts[i]] = 1; print parts[i]
    }
}
function holds(list, item) { return index(" " list " ", " " item " ") > 0 }
BEGIN {
    names["formats"] = "dotenv shell json"; names["shells"] = "bash zsh fish"
    names["levels"] = "debug info warning error"
@TABLE@
    last = split(ENVIRON["HYBRID_WORDS"], word, "\n") - 1
    current = word[last]
    file = find(ENVIRON["PWD"])
    if (file == "") exit 3
    read(file); own(root "/tasks.py")
    task = ""; said = 0; value = ""
    for (i = 2; i < last; i++) {
        if (value != "") { value = ""; continue }
        if (word[i] == "--") exit 4
        if (word[i] ~ /^-/) { if (holds(valued[task], word[i])) value = word[i]; continue }
        if (takes[task] == "rest" && said) exit 4
        if (word[i] in takes && word[i] != "") { task = word[i]; said = 0; continue }
        said++; used = used " " word[i]
    }
    if (value != "") { if (value in kind) offer(names[kind[value]]); else exit 4; exit 0 }
    if (takes[task] == "rest" && said) exit 4
    if (current ~ /^-/) { offer(flags[task]); exit 0 }
    wanted = takes[task]
    if (wanted == "services" || ((wanted == "service" || wanted == "rest") && !said)) {
        count = split(names["services"], parts, " ")
        for (i = 1; i <= count; i++) if (!holds(used, parts[i])) left = left " " parts[i]
    }
    if (wanted == "step" && !said) left = names["steps"]
    if (wanted == "shell" && !said) left = names["shells"]
    offer(left)
    if (left == "" || current != "") offer(tasks)
}
"""

_BASH = r"""# completion of hybrid-tasks for bash: eval "$(inv dev-completion bash)"
_hybrid_program='@PROGRAM@'
_hybrid_inv() {
    local IFS=$'\n' found code
    found=$(HYBRID_WORDS="${COMP_WORDS[*]:0:COMP_CWORD+1}"$'\n.' awk "$_hybrid_program" 2>/dev/null)
    code=$?
    if [ "$code" -eq 3 ]; then
        found=$(compgen -W "$("${COMP_WORDS[0]}" --complete -- "${COMP_WORDS[@]}" 2>/dev/null)" \
            -- "${COMP_WORDS[COMP_CWORD]}")
    fi
    COMPREPLY=($found)
}
complete -o default -F _hybrid_inv inv invoke
"""

_ZSH = r"""#compdef inv invoke
# completion of hybrid-tasks for zsh: eval "$(inv dev-completion zsh)"
_hybrid_program='@PROGRAM@'
_hybrid_inv() {
    local found code
    found=$(HYBRID_WORDS="${(pj:\n:)words[1,CURRENT]}"$'\n.' awk "$_hybrid_program" 2>/dev/null)
    code=$?
    if (( code == 3 )); then
        found=$("${words[1]}" --complete -- "${(@)words[1,CURRENT]}" 2>/dev/null)
    fi
    if [[ -n $found ]]; then
        compadd -- ${(f)found}
    elif (( code == 4 )); then
        _files
    fi
}
if (( $+functions[compdef] )); then
    compdef _hybrid_inv inv invoke
fi
"""

_FISH = r"""# completion of hybrid-tasks for fish: inv dev-completion fish | source
set -g __hybrid_program '@PROGRAM@'
function __hybrid_words
    string join \n -- (commandline -opc) (commandline -ct) .
end
function __hybrid_inv
    set -lx HYBRID_WORDS (__hybrid_words | string collect)
    awk $__hybrid_program 2>/dev/null
    if test $status -eq 3
        set -l words (commandline -opc) (commandline -ct)
        $words[1] --complete -- $words 2>/dev/null
    end
end
function __hybrid_command
    set -lx HYBRID_WORDS (__hybrid_words | string collect)
    awk $__hybrid_program >/dev/null 2>/dev/null
    test $status -eq 4
end
for binary in inv invoke
    complete -c $binary -e
    complete -c $binary -f -n 'not __hybrid_command' -a '(__hybrid_inv)'
    complete -c $binary -F -n __hybrid_command
end
"""

_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def script(shell: str, core: Iterable[str], offers: Mapping[str, Offer]) -> str:
    """Write the completion script of a shell.

    Args:
        shell: one of `SHELLS`.
        core: Invoke's own flags.
        offers: our tasks, in the order of `inv --list`.

    Returns:
        the script; it needs awk and nothing of ours.
    """
    table = [f'    tasks = "{" ".join(offers)}"; takes[""] = ""; flags[""] = "{" ".join(core)}"']
    table += [f'    kind["{flag}"] = "{names}"' for flag, names in VALUES.items()]
    for name, offer in offers.items():
        table.append(
            f'    takes["{name}"] = "{offer.takes}"; flags["{name}"] = "{" ".join(offer.flags)}"; '
            f'valued["{name}"] = "{" ".join(offer.valued)}"'
        )
    program = _PROGRAM.strip("\n").replace("@TABLE@", "\n".join(table))
    return _SCRIPTS[shell].replace("@PROGRAM@", program)
