"""The code blocks of a Markdown document, for docs_test.py."""
import re

FENCE = re.compile(r"^```(.*)$")
COMMENT = re.compile(r"^<!-- (before|with|needs|not run): (.*) -->$")


class Block:
    def __init__(self, line, section, info, directives):
        self.line = line
        self.section = section
        self.info = info.split()
        self.directives = directives
        self.lines = []


def blocks(text):
    found, block, directives, section = [], None, [], ""
    for number, line in enumerate(text.split("\n"), 1):
        fence = FENCE.match(line)
        comment = COMMENT.match(line)
        if fence and block is None:
            block = Block(number, section, fence.group(1), directives)
        elif fence:
            found.append(block)
            block, directives = None, []
        elif block is not None:
            block.lines.append(line)
        elif comment:
            directives.append(comment.groups())
        elif line.strip():
            directives = []
            section = line if line.startswith("## ") else section
    return found


def commands(lines):
    """Lines with their continuations; comments and empty lines left out."""
    held = ""
    for line in lines:
        if line.endswith("\\"):
            held += line[:-1] + " "
            continue
        command = (held + line).strip()
        held = ""
        if command and not command.startswith("#"):
            yield command
