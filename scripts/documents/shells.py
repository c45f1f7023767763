"""Loads the completions into the shells that they are for, and renders the man pages.

`shells.py MIRROR`: each shell is asked what it would complete; what is not installed is said and left out,
except under CI=true.
"""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# What is typed, and what must be among the words that are offered.
CASES = [
    ("prometheus-mirror exp", "explain"),
    ("prometheus-mirror test-c", "test-connection"),
    ("prometheus-mirror query --sin", "--since"),
    ("prometheus-mirror query --prof", "--profile"),
    ("prometheus-mirror schema conn", "connection-details"),
    ("prometheus-mirror completions fi", "fish"),
    ("prometheus-mirror replay --li", "--live"),
]
# What can be listed of a word that is empty.
COMMANDS = ["serve", "onboard", "fields", "values", "diagnose", "support-bundle", "check-config", "print-config", "health", "errors", "man"]


def bash(script, line):
    """The words that bash would offer."""
    asked = """
        source "$1"; line=$2
        read -ra COMP_WORDS <<<"$line"; [[ $line != *' ' ]] || COMP_WORDS+=('')
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$line COMP_POINT=${#line}
        name=$(complete -p prometheus-mirror | sed -n 's/.*-F \\([^ ]*\\).*/\\1/p')
        "$name" prometheus-mirror "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    return said(["bash", "--norc", "-euc", asked, "bash", script, line]).split()


def fish(script, line):
    """The words that fish would offer; behind a tab stands what they are for."""
    told = said(["fish", "--no-config", "-c", "source $argv[1]; complete --do-complete $argv[2]", script, line])
    return [one.split("\t")[0] for one in told.splitlines()]


def zsh(script, line):
    """The words on the screen of a zsh after Tab was pressed twice; it completes at a terminal alone."""
    with tempfile.TemporaryDirectory() as home:
        shutil.copy(script, Path(home, "_prometheus-mirror"))
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(HOME=home, ZDOTDIR=home, TERM="dumb", COLUMNS="200", LINES="60")
            os.execvp("zsh", ["zsh", "-f", "-i"])
        try:
            screen = typed(terminal, f"PS1='READY> '; setopt nobeep; unsetopt zle_bracketed_paste; fpath=({home} $fpath); autoload -Uz compinit; compinit -u -D; setopt auto_list list_ambiguous; echo LOA''DED\n", "LOADED")
            screen = typed(terminal, line + "\t\t", None)
            return re.findall(r"[\w-]+", screen.replace("\r", "\n"))
        finally:
            os.close(terminal)
            os.waitpid(pid, 0)


def typed(terminal, text, until):
    """What a terminal shows after that was typed: until it shows `until`, or nothing more for a while."""
    os.write(terminal, text.encode())
    shown, end = "", time.monotonic() + 20
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 20 if until else 1.5)
        if not ready:
            break
        try:
            shown += os.read(terminal, 65536).decode(errors="replace")
        except OSError:
            break
        if until and until in shown:
            break
    return shown


def said(command):
    return subprocess.run(command, check=True, capture_output=True, text=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}).stdout


def problems_of(shell, ask, script):
    for line, wanted in CASES:
        offered = ask(script, line)
        if wanted not in offered:
            yield f"{shell}: {line!r} offers {offered}, not {wanted}"
    offered = ask(script, "prometheus-mirror ")
    yield from (f"{shell}: no command {one} among {offered}" for one in COMMANDS if one not in offered)


def man_problems(pages):
    """What groff and mandoc say of the pages."""
    if shutil.which("man"):
        for page in sorted(pages.glob("*.1")):
            told = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", page], capture_output=True, text=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
            if told.returncode or told.stderr or len(told.stdout) < 400:
                yield f"{page.name}: man says {told.stderr or told.stdout}"
    if shutil.which("mandoc"):
        told = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *sorted(pages.glob("*.1"))], capture_output=True, text=True).stdout
        # A page says its version; a date would say when it was made.
        yield from (line for line in told.splitlines() if "missing date" not in line)


def main():
    mirror = sys.argv[1]
    problems, absent = [], [one for one in ("man", "mandoc") if not shutil.which(one)]
    with tempfile.TemporaryDirectory() as place:
        for shell, ask in {"bash": bash, "zsh": zsh, "fish": fish}.items():
            if not shutil.which(shell):
                absent.append(shell)
                continue
            script = Path(place, shell)
            script.write_text(said([mirror, "completions", shell]))
            problems += problems_of(shell, ask, script)
        pages = Path(place, "man")
        said([mirror, "man", "--dir", str(pages)])
        problems += man_problems(pages)
    for one in absent:
        print(f"    not installed, so not tried: {one}")
    if absent and os.environ.get("CI") == "true":
        problems.append("CI tries all of them")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"    completions in {3 - len({'bash', 'zsh', 'fish'} & set(absent))} shells, {'man pages clean' if not problems else 'with problems'}")
    sys.exit(1 if problems else 0)


main()
