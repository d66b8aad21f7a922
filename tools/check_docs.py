#!/usr/bin/env python3
"""Holds the documents to what they describe.

  tools/check_docs.py [--program build/gradus]
  tools/check_docs.py --self-test

Every path of the repository that a document names exists, every relative link and its anchor resolve,
no path is that of one machine, every command and option of the program that a document shows is in its
--help (where the program is built), every constant of docs/limits.md has the value that its header gives it
and every such constant is there, and every equation and section of docs/numerics.md that the code
cites is there. One line per violation, exit 1 if any.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^(```|~~~)")
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"^\.?/?[\w.-]+(/[\w.+-]*)*$")
MACHINE_PATH = re.compile(r"(?<![\w.~])/(home|root|work|Users|mnt)/")
COMMAND = re.compile(r"^(?:\$ )?(?:\S*/)?gradus ([a-z][a-z-]*)\b(.*)$")
OPTION = re.compile(r"(?<!\S)(--?[a-zA-Z][\w-]*)")
CONSTANT = re.compile(r"^\s*(?:inline |static )*constexpr [\w:]+ (k\w+) =\s*([^;]+);", re.MULTILINE)
LIMITS_HEADER = re.compile(r"^`(\w+/limits\.h)`$")
LIMITS_ROW = re.compile(r"^\| `(k\w+)` \| (\d+) \|")
CITATION = re.compile(r"numerics\.md (?:section (\d+)|((?:\(\d+\)(?:-|, | and )?)+))")


def documents(root):
    return [p for p in sorted([*root.glob("*.md"), *root.glob("docs/**/*.md")]) if p.is_file()]


def code_of(text):
    """Yields (line number, text, whether it is a line of a fenced block) of all code in a document."""
    fenced, held = False, ""
    for number, line in enumerate(text.split("\n"), 1):
        if FENCE.match(line.strip()):
            fenced = not fenced
        elif fenced and line.endswith("\\"):
            held += line[:-1].strip() + " "
        elif fenced:
            yield number, held + line.strip(), True
            held = ""
        else:
            for span in SPAN.findall(line):
                yield number, span, False


def anchors(text):
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}


def check_links(root, document, text):
    for target in LINK.findall(text):
        if re.match(r"^[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path) if path else document
        if not file.exists() or not file.resolve().is_relative_to(root.resolve()):
            yield f"link {target}: there is no {path}"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
            yield f"link {target}: there is no heading '{anchor}'"


def path_exists(root, path):
    path = path.removeprefix("./")
    return any((base / path).exists() for base in (root, root / "gradus"))


def check_paths(root, text):
    tops = {p.name for p in root.iterdir() if p.is_dir() and p.name not in ("build", ".git")}
    tops |= {p.name for p in (root / "gradus").iterdir() if p.is_dir()}
    for number, span, fenced in code_of(text):
        if fenced or not PATH.match(span):
            continue
        first = span.removeprefix("./").split("/")[0]
        named = span.startswith("./") and not span.startswith("./build")
        if (named or ("/" in span and first in tops)) and not path_exists(root, span):
            yield f"line {number}: there is no {span}"


def check_machine_paths(text):
    for number, line in enumerate(text.split("\n"), 1):
        if MACHINE_PATH.search(line):
            yield f"line {number}: a path of one machine: {line.strip()}"


def constants_of(header):
    """Names and values of a header's constants: whole numbers, shifted or multiplied."""
    values = {}
    for name, text in CONSTANT.findall(header):
        text = re.sub(r"[\w:]+\{(\d[\d']*)\}", r"\1", text).replace("'", "")
        if not re.fullmatch(r"[\d\s<*]+", text):
            raise ValueError(f"{name} = {text}: expected whole numbers, shifted or multiplied")
        values[name] = eval(text)  # pylint: disable=eval-used
    return values


def check_limits(root):
    """docs/limits.md against every limits.h: the same constants with the same values."""
    page = root / "docs" / "limits.md"
    if not page.exists():
        return
    told, header = {}, None
    for line in page.read_text().split("\n"):
        if match := LIMITS_HEADER.match(line):
            header = told.setdefault(match.group(1), {})
        elif (match := LIMITS_ROW.match(line)) and header is not None:
            header[match.group(1)] = int(match.group(2))
    for path in sorted((root / "gradus").glob("*/limits.h")):
        name = str(path.relative_to(root / "gradus"))
        held = constants_of(path.read_text())
        page_says = told.pop(name, {})
        for constant in sorted(held.keys() | page_says.keys()):
            if held.get(constant) != page_says.get(constant):
                yield (f"docs/limits.md: {constant} is {page_says.get(constant, 'missing')}; "
                       f"{name} says {held.get(constant, 'nothing')}")
    for name in told:
        yield f"docs/limits.md: there is no {name}"


class Program:
    """The help of the program, asked once a command."""

    def __init__(self, path):
        self.path = path
        self.helps = {}
        self.commands = re.findall(r"^  ([a-z][a-z-]*)\s", self.run("--help"), re.MULTILINE)

    def run(self, *arguments):
        return subprocess.run([self.path, *arguments], capture_output=True, text=True, check=True).stdout

    def options(self, command):
        if command not in self.helps:
            text = self.run(command, "--help").split("Examples:")[0]
            self.helps[command] = set(OPTION.findall(text.replace(",", " ")))
        return self.helps[command]


def check_commands(text, program):
    for number, code, _ in code_of(text):
        match = COMMAND.match(code)
        if not match:
            continue
        command, rest = match.groups()
        if command not in program.commands:
            yield f"line {number}: the program has no command '{command}'"
            continue
        rest = re.split(r"\s#|\s{3,}|[|;>&]", rest)[0]
        for option in OPTION.findall(rest.replace("[", " ").replace("]", " ")):
            if option not in program.options(command):
                yield f"line {number}: gradus {command} has no option {option}"


def check_citations(root):
    numerics = (root / "docs" / "numerics.md").read_text()
    equations = set(re.findall(r"\((\d+)\)\s*$", numerics, re.MULTILINE))
    sections = set(re.findall(r"^## (\d+)\.", numerics, re.MULTILINE))
    for path in sorted((root / "gradus").rglob("*")):
        if path.suffix not in (".h", ".cpp"):
            continue
        # A citation may be broken by the end of a comment's line.
        text = re.sub(r"\n\s*//\s*", " ", path.read_text())
        for section, numbers in CITATION.findall(text):
            name = path.relative_to(root)
            if section and section not in sections:
                yield f"{name}: numerics.md has no section {section}"
            for number in re.findall(r"\d+", numbers):
                if number not in equations:
                    yield f"{name}: numerics.md has no equation ({number})"


def violations(root, program):
    for document in documents(root):
        text = document.read_text()
        problems = [*check_links(root, document, text), *check_paths(root, text), *check_machine_paths(text)]
        if program:
            problems += check_commands(text, program)
        for problem in problems:
            yield f"{document.relative_to(root)}: {problem}"
    yield from check_citations(root)
    yield from check_limits(root)


class FakeProgram:
    commands = ["train"]

    def options(self, _):
        return {"--data", "-o"}


def self_test():
    good = ("# One thing\n[a](docs/numerics.md#1-codes) `gradus/base/a.h` `base/a.h` `net.onnx` `a/b`\n"
            "```\n$ build/gradus train net.onnx --data D -o RUN   --not an option\n```\n")
    planted = {
        "a missing path": "`gradus/base/b.h`",
        "a missing path in short": "`base/b.h`",
        "a missing script": "`./nothing`",
        "a missing link": "[x](docs/none.md)",
        "a missing anchor": "[x](docs/numerics.md#none)",
        "a link out of the repository": "[x](../other.md)",
        "a path of one machine": "see /home/me/x",
        "an unknown command": "`gradus trian net.onnx`",
        "an unknown option": "`gradus train net.onnx --dato D`",
        "an unknown option on a continued line": "```\ngradus train \\\n  --dato D\n```",
    }
    cited = {"an unknown equation": "// numerics.md (9)\n", "an unknown section": "// numerics.md section 7\n"}

    limits = {"another value": "| `kA` | 4 | a |\n| `kB` | 6 | b |\n", "a constant that is missing": "| `kA` | 8 | a |\n",
              "a constant too many": "| `kA` | 8 | a |\n| `kB` | 6 | b |\n| `kC` | 1 | c |\n"}
    right = "| `kA` | 8 | a |\n| `kB` | 6 | b |\n"

    def found(readme, source, rows=right):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder) / "r"
            (root / "docs").mkdir(parents=True)
            (root / "gradus" / "base").mkdir(parents=True)
            (root / "docs" / "numerics.md").write_text("## 1. Codes\n    x = y   (1)\n    z   (2)\n")
            (root / "gradus" / "base" / "a.h").write_text(source)
            (root / "gradus" / "base" / "limits.h").write_text(
                "constexpr int kA = 1 << 3;\ninline constexpr std::size_t kB = std::size_t{2} * 3;  // b\n")
            (root / "docs" / "limits.md").write_text("`base/limits.h`\n\n" + rows)
            (root / "README.md").write_text(readme)
            return list(violations(root, FakeProgram()))

    cites = "// numerics.md (1)-(2), docs/numerics.md\n// section 1\n"
    failures = [f"refused what is right: {v}" for v in found(good, cites)]
    failures += [f"did not find: {what}" for what, text in planted.items() if not found(good + text, cites)]
    failures += [f"did not find: {what}" for what, text in cited.items() if not found(good, text)]
    failures += [f"did not find: {what}" for what, rows in limits.items() if not found(good, cites, rows)]
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path)
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    root = pathlib.Path(__file__).resolve().parent.parent
    program = None
    if arguments.program and arguments.program.exists():
        program = Program(arguments.program.resolve())
    problems = self_test() if arguments.self_test else list(violations(root, program))
    print("".join(f"{problem}\n" for problem in problems), end="")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
