#!/usr/bin/env python3
"""Runs the code blocks of a document, in order, in a scratch folder: what the document shows works.

  docs_test.py --program build/gradus --source . --build build README.md   run one document
  docs_test.py --self-test                                                 plant faults and see them found

The info string of a fence says what a block is:
  ```sh             commands; each must end with status 0, or with N if the line ends in "# exit N"
  ```yaml my.yaml   a file, written under that name for the commands to use (any language)
  ```python         run; left out, with all after it, where Python lacks what it imports
  ```text           what people read: a table, a diagram
  ```text output    what the commands before it print, line for line, "..." standing for any text
Every other kind of block is a fault: nothing that looks like code stays unrun.

An HTML comment right before a block changes how it is run; readers do not see it:
  <!-- before: COMMAND -->           run first, e.g. to make a file that the reader already has
  <!-- with: TEXT = OTHER -->        OTHER stands in for TEXT in this block and all after it
  <!-- needs: THING... -->           left out, visibly, with the rest of its section (##), unless it is there:
                                     `training`, `python:MODULE`, `data:FOLDER` of GRADUS_DATA, a program or a file
  <!-- not run: REASON -->           left out, visibly
A command of gradus that only a build with training has leaves out all after it where there is none. A page that
needs files that no command makes has a function in PREPARE.

The scratch folder looks like the clone's root: build, examples, recipes and docs lead there; `gradus` is on
the PATH, and `python` is GRADUS_PYTHON, else python3. Exit 77 if a block was left out for want of something.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from document import blocks, commands
from program import png

EXIT = re.compile(r"\s#\s*exit (\d+)\s*$")
SKIPPED = 77
SECONDS = 400  # for one command
COMMAND = re.compile(r"^gradus ([a-z]+)\b")


def flowers(folder):
    """Small pictures of two classes: 2 x 8 to train on, 2 x 3 to test on."""
    for split, count in (("train", 8), ("test", 3)):
        for i, name in enumerate(("daisy", "rose")):
            (folder / "flowers" / split / name).mkdir(parents=True)
            for number in range(count):
                (folder / "flowers" / split / name / f"{number}.png").write_bytes(png(40 + number, 37 + 9 * i))


PREPARE = {"bring-your-own-data": flowers}


ALL = object()


class Runner:
    def __init__(self, folder, program, source, build):
        self.folder = folder
        self.replacements = []
        self.output = ""
        self.faults = []
        self.left_out = []
        self.closed = None  # the section of which the rest is left out, or ALL
        self.ran = 0
        self.program = program
        tools = folder / ".bin"
        tools.mkdir()
        self.python = shutil.which(os.environ.get("GRADUS_PYTHON", "python3"))
        (tools / "python").write_text(f'#!/bin/sh\nexec "{self.python}" "$@"\n')
        (tools / "python").chmod(0o755)
        if program:
            (tools / "gradus").symlink_to(program)
        for name in ("examples", "recipes", "docs"):
            if (source / name).exists():
                (folder / name).symlink_to(source / name)
        if build:
            (folder / "build").symlink_to(build)
        # Python itself by its own path: one of a virtual environment finds its libraries beside it.
        self.environment = {**os.environ, "PATH": f"{tools}:{pathlib.Path(self.python).parent}:{os.environ['PATH']}"}
        data = os.environ.get("GRADUS_DATA", pathlib.Path.home() / ".cache" / "gradus")
        self.data = pathlib.Path(data)
        self.environment["GRADUS_DATA"] = str(self.data)

    def fault(self, block, text):
        self.faults.append(f"line {block.line}: {text}")

    def leave_out_the_rest(self, block, why):
        self.left_out.append((block.line, f"{why}; so is all that follows left out", True))
        self.closed = ALL

    def commands_of_program(self):
        helped = subprocess.run([self.program, "--help"], capture_output=True, text=True, check=True).stdout
        return set(re.findall(r"^  ([a-z]+)\s", helped, re.MULTILINE))

    def has(self, thing):
        if thing == "training":
            return "train" in self.commands_of_program()
        kind, _, name = thing.partition(":")
        if kind == "python":
            return subprocess.run([self.python, "-c", f"import {name}"], capture_output=True, check=False).returncode == 0
        if kind == "data":
            return (self.data / name).exists()
        if "/" in thing:
            return (self.folder / thing).exists()
        return shutil.which(thing, path=self.environment["PATH"]) is not None

    def run_command(self, block, command):
        status = 0
        if expected := EXIT.search(command):
            status = int(expected.group(1))
            command = command[:expected.start()]
        for text, other in self.replacements:
            command = command.replace(text, other)
        try:
            result = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", command], cwd=self.folder, text=True,
                                    env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            self.fault(block, f"'{command}' took more than {SECONDS} s")
            return
        self.ran += 1
        self.output += result.stdout
        if result.returncode != status:
            self.fault(block, f"'{command}' ended with {result.returncode}, not {status}: {result.stdout[-400:]}")

    def run_python(self, block):
        result = subprocess.run([self.python, "-c", "\n".join(block.lines)], cwd=self.folder, capture_output=True,
                                text=True, env=self.environment, timeout=SECONDS, check=False)
        self.output = result.stdout
        self.ran += 1
        if "ModuleNotFoundError" in result.stderr:
            self.leave_out_the_rest(block, result.stderr.splitlines()[-1])
        elif result.returncode != 0:
            self.fault(block, f"python: {result.stderr[-400:]}")

    def lacks_training(self, block):
        if block.info != ["sh"] or not self.program or "train" in self.commands_of_program():
            return False
        named = {match.group(1) for command in commands(block.lines) if (match := COMMAND.match(command))}
        return bool(named & {"train", "quantize", "verify", "quickstart"})

    def prepare(self, block):
        """Whether the block is to be run; False leaves it out."""
        if self.closed in (ALL, block.section):
            return False
        for kind, text in block.directives:
            if kind == "not run":
                self.left_out.append((block.line, text, False))
                return False
            if kind == "with":
                self.replacements.append(tuple(part.strip() for part in text.split(" = ", 1)))
            if kind == "needs":
                for thing in text.split():
                    if not self.has(thing):
                        self.left_out.append((block.line, f"{thing} is not here; so is the rest of its section left out", True))
                        self.closed = block.section
                        return False
        if self.lacks_training(block):
            self.leave_out_the_rest(block, "training is not here")
            return False
        for kind, text in block.directives:
            if kind == "before":
                self.run_command(block, text)
        return True

    def check_output(self, block):
        rest = self.output.split("\n")
        for wanted in block.lines:
            pattern = re.compile(".*".join(re.escape(part) for part in wanted.strip().split("...")))
            while rest and not pattern.fullmatch(rest[0].strip()):
                rest.pop(0)
            if not rest:
                self.fault(block, f"'{wanted}' was not printed, or not after the line before it")
                return
            rest.pop(0)

    def run(self, block):
        if block.info == ["text"] or not self.prepare(block):
            return
        if block.info == ["text", "output"]:
            self.check_output(block)
        elif block.info == ["sh"]:
            self.output = ""
            for command in commands(block.lines):
                self.run_command(block, command)
        elif block.info == ["python"]:
            self.run_python(block)
        elif len(block.info) == 2 and "/" not in block.info[1]:
            (self.folder / block.info[1]).write_text("\n".join(block.lines) + "\n")
        else:
            self.fault(block, f"a block of '{' '.join(block.info)}': expected sh, text, text output, or a language "
                              "and the name of a file")


def run_document(text, program=None, source=pathlib.Path("."), build=None, name=""):
    with tempfile.TemporaryDirectory(prefix="gradus-docs-") as folder:
        PREPARE.get(name, lambda _: None)(pathlib.Path(folder))
        runner = Runner(pathlib.Path(folder), program, source, build)
        for block in blocks(text):
            runner.run(block)
            if runner.faults:
                break
        return runner


def self_test():
    good = ("# T\n<!-- with: net.onnx = other -->\n<!-- before: echo made > other -->\n```sh\ncat net.onnx\nfalse   # exit 1\n"
            "echo a \\\n  b\n```\n```text output\nm...e\na b\n```\n```text\nanything\n```\n"
            "```c x.c\nint main(void) { return 3; }\n```\n```sh\ngrep -c main x.c\n```\n"
            "<!-- not run: takes long -->\n```sh\nfalse\n```\n")
    planted = {
        "a command that fails": "```sh\nfalse\n```\n",
        "a pipe that fails": "```sh\nfalse | true\n```\n",
        "a status that is another": "```sh\nfalse # exit 2\n```\n",
        "a failure that does not come": "```sh\ntrue # exit 1\n```\n",
        "an output that is not printed": "```sh\necho a\n```\n```text output\nb\n```\n",
        "an output in another order": "```sh\necho a; echo b\n```\n```text output\nb\na\n```\n",
        "the output of an earlier block": "```sh\necho a\n```\n```sh\necho b\n```\n```text output\na\n```\n",
        "a block without a kind": "```\nx\n```\n",
        "code without a file": "```c\nint x;\n```\n",
        "python that fails": "```python\nraise ValueError\n```\n",
        "a file outside": "```c ../x.c\nint x;\n```\n",
        "a preparation that fails": "<!-- before: false -->\n```sh\ntrue\n```\n",
    }
    runner = run_document(good)
    failures = [f"refused what is right: {fault}" for fault in runner.faults]
    if runner.ran != 5 or [line for line, _, _ in runner.left_out] != [24]:
        failures.append(f"ran {runner.ran} commands and left out {runner.left_out}")
    failures += [f"did not find: {what}" for what, text in planted.items() if not run_document(good + text).faults]
    imports = run_document("```python\nimport no_such_module\n```\n## B\n```sh\nfalse\n```\n")
    if imports.faults or len(imports.left_out) != 1:
        failures.append("went on without what Python lacks")
    needs = run_document("## A\n<!-- needs: python:no_such_module -->\n```sh\nfalse\n```\n```sh\nfalse\n```\n"
                         "## B\n```sh\ntrue\n```\n")
    if needs.faults or needs.ran != 1 or len(needs.left_out) != 1:
        failures.append("ran what it has no means for")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("document", nargs="?", type=pathlib.Path)
    parser.add_argument("--program", type=pathlib.Path)
    parser.add_argument("--source", type=pathlib.Path)
    parser.add_argument("--build", type=pathlib.Path)
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        failures = self_test()
        print("".join(f"FAILED: {failure}\n" for failure in failures), end="")
        return 1 if failures else 0
    document = arguments.source / arguments.document
    runner = run_document(document.read_text(), arguments.program.resolve(), arguments.source.resolve(),
                          arguments.build.resolve(), arguments.document.stem)
    for line, text, _ in runner.left_out:
        print(f"left out: {arguments.document}, line {line}: {text}")
    for fault in runner.faults:
        print(f"FAILED: {arguments.document}, {fault}")
    print(f"{arguments.document}: {runner.ran} commands, {len(runner.faults)} failed")
    if runner.faults:
        return 1
    return SKIPPED if any(missing for _, _, missing in runner.left_out) else 0


if __name__ == "__main__":
    sys.exit(main())
