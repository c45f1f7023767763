"""The page of the commands names what there is: every command, every option of it, and no others.

`commands.py PROGRAM` asks the program for its help. Standard library only.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

PROGRAM = sys.argv[1]
PAGE = Path("docs/commands.md")
# Of every command, and said of all at once.
EVERYWHERE = {"-h", "--help"}


def help_of(*command: str) -> str:
    # Nothing of the environment is a default in what is printed.
    path = {"PATH": os.environ["PATH"]}
    return subprocess.run([PROGRAM, *command, "--help"], env=path, check=True, capture_output=True, text=True).stdout


def section(text: str, name: str) -> str:
    return text.partition(f"\n{name}:\n")[2].partition("\n\n" if name == "Commands" else "\0")[0]


def options(text: str) -> set[str]:
    """Those of a help text: they begin a line, and what is told of them stands further right."""
    found = set()
    for line in section(text, "Options").splitlines():
        if re.match(r"(  |      )-", line):
            found |= set(re.match(r" +((?:-\w, )?--[a-z-]+)", line)[1].split(", "))
    return found - EVERYWHERE


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    below = PAGE.read_text().partition(f"# {heading}\n")[2]
    table = re.search(r"(^\|.*\n)+", below, re.M)[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in table]


def words(cell: str) -> set[str]:
    """The first word of each piece of code in a cell."""
    return {code.split()[0] for code in re.findall(r"`([^`]+)`", cell)}


def main() -> None:
    wrong = []
    whole = help_of()
    commands = set(re.findall(r"^  ([a-z][a-z-]*) ", section(whole, "Commands"), re.M)) - {"help"}
    schemas = set(re.findall(r"- ([a-z-]+):", help_of("schema")))
    named = {word for row in rows("Commands") for word in words(row[0])}
    wrong += [f"does not name the command {it}" for it in sorted(commands - named)]
    wrong += [f"names {it}, and no command is called so" for it in sorted(named - commands - schemas)]

    there = {(command, option) for command in commands for option in options(help_of(command))}
    told = {(command, option) for row in rows("Options") for command in words(row[1]) for option in words(row[0])}
    wrong += [f"does not say that {command} has {option}" for command, option in sorted(there - told)]
    wrong += [f"says that {command} has {option}" for command, option in sorted(told - there)]

    # In the text and in examples, whatever the command.
    known = {option for _, option in there} | options(whole) | EVERYWHERE
    mentioned = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE.read_text()))
    wrong += [f"names {it}, and no command has it" for it in sorted(mentioned - known)]
    if wrong:
        sys.exit("\n".join(f"{PAGE}: {it}" for it in wrong))
    print(f"    {len(commands)} commands, {len(there)} options of theirs")


main()
