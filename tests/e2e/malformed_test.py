#!/usr/bin/env python3
"""The suite onnx-malformed through the real program: every file of reject/ is refused, every file of accept/
is taken, each by a process of its own that may use little memory and time.

  malformed_test.py --program build/gradus [--suite FOLDER] [--generous]

What a refusal is: exit status 2, one line that names the file and says where in it. The suite's own
MANIFEST.json says which files a careful reader may also take. Nothing outside the model's folder is opened:
strace tells, where it is installed. --generous: for a program with sanitizers, which needs more of both.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile

from limited import Limits, opened_files, run_limited
from program import Failures

SKIPPED = 77  # what ctest is told means "skipped"
MIB = 1 << 20
STRICT = Limits(address_space=1024 * MIB, cpu_s=10, wall_s=1.0, resident=256 * MIB)
GENEROUS = Limits(address_space=None, cpu_s=30, wall_s=10.0, resident=2048 * MIB)
# What a message must hold beside the file's name: the part of the model that is at fault.
PLACE = re.compile(r"node|tensor|initializer|input|output|attribute|operator|opset|ir_version|graph|dimension|"
                   r"damaged|function|domain|is a float network")


def commands(path):
    """Every way that an ONNX file goes into the program; what convert writes is none of the judge's business."""
    ways = [["inspect", path], ["check", path, "-r", "w8a8"]]
    if path.startswith("reject/"):
        ways.append(["convert", path, "-o", "converted.gradus"])  # wants a quantized network
    return ways


def default_suite():
    data = os.environ.get("GRADUS_DATA") or os.path.expanduser("~/.cache/gradus")
    return pathlib.Path(data) / "suites" / "onnx-malformed"


def copy_of(suite, folder):
    """The suite with what its files expect beside them: data, and links that lead out."""
    copy = folder / "suite"
    shutil.copytree(suite, copy)
    for place in ("reject", "accept"):
        (copy / place).mkdir(exist_ok=True)
        data = copy / place / "ok.bin"
        if not data.exists():
            data.write_bytes(bytes(256))
    (copy / "reject" / "link.bin").symlink_to("/etc/hostname")
    (copy / "reject" / "linkdir").symlink_to("/etc")
    return copy


class Suite:
    def __init__(self, program, folder, limits, failures):
        self.program = str(pathlib.Path(program).resolve())
        self.folder = folder
        self.limits = limits
        self.failures = failures
        self.counts = {"refused": 0, "accepted": 0}
        self.slowest = self.largest = 0.0

    def judge(self, path, expected):
        """Runs the commands on one file; `expected` holds the exit statuses that are right."""
        for command in commands(path):
            result = run_limited([self.program, *command], self.limits, cwd=self.folder)
            told = f"{path}: gradus {command[0]}: status {result.status}, {result.errors[:3]}"
            expect = self.failures.expect
            expect(result.status in expected, f"{told}: expected status {' or '.join(map(str, expected))}")
            expect(result.wall_s <= self.limits.wall_s, f"{told}: took {result.wall_s:.2f} s")
            expect(result.resident <= self.limits.resident, f"{told}: held {result.resident / MIB:.0f} MiB")
            self.slowest = max(self.slowest, result.wall_s)
            self.largest = max(self.largest, result.resident / MIB)
            if result.status == 2:
                expect(len(result.errors) == 1, f"{told}: expected one line")
                line = "".join(result.errors[:1])
                expect(pathlib.Path(path).name in line, f"{told}: expected the name of the file")
                expect(PLACE.search(line.split(".onnx: ")[-1]), f"{told}: expected the place in the file")
            self.counts["refused" if result.status == 2 else "accepted"] += command[0] == "inspect"

    def files_opened(self, path):
        return opened_files([self.program, "inspect", path], self.folder)

    def confined(self, files, control):
        """No file opens anything but itself, its folder, and what a sound model opens too."""
        usual = self.files_opened(control)
        if usual is None:
            print("strace may not trace here: which files are opened was not looked at")
            return
        self.failures.expect(usual, "strace sees a sound model opened")
        for path in files:
            folder = (self.folder / path).parent.resolve()
            for opened in self.files_opened(path) - usual:
                inside = pathlib.Path(opened).resolve().is_relative_to(folder)
                self.failures.expect(inside, f"{path}: opened {opened}")


def run(arguments, suite, failures):
    with tempfile.TemporaryDirectory(prefix="gradus-suite-") as temporary:
        folder = copy_of(suite, pathlib.Path(temporary))
        judge = Suite(arguments.program, folder, GENEROUS if arguments.generous else STRICT, failures)
        manifest = {}
        if (folder / "MANIFEST.json").exists():
            manifest = {e["file"]: e for e in json.loads((folder / "MANIFEST.json").read_text())}
        rejects = sorted(str(p.relative_to(folder)) for p in folder.glob("reject/*.onnx"))
        accepts = sorted(str(p.relative_to(folder)) for p in folder.glob("accept/*.onnx"))
        failures.expect(rejects and accepts, f"{suite} holds files in reject/ and accept/")
        for path in rejects:
            judge.judge(path, [0, 2] if manifest.get(path, {}).get("may_accept") else [2])
        for path in accepts:
            judge.judge(path, [0])
        if shutil.which("strace") and not arguments.generous:
            judge.confined(rejects, accepts[0])
        else:
            print("strace is not there or of no use with sanitizers: which files are opened was not looked at")
    print(f"{len(rejects)} to refuse, {len(accepts)} to accept: {judge.counts}; "
          f"slowest {judge.slowest:.3f} s, largest {judge.largest:.0f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--suite", type=pathlib.Path, default=default_suite())
    parser.add_argument("--generous", action="store_true")
    arguments = parser.parse_args()
    if not arguments.suite.exists():
        print(f"SKIPPED: {arguments.suite} is not there")
        return SKIPPED
    failures = Failures()
    run(arguments, arguments.suite, failures)
    return failures.finish()


if __name__ == "__main__":
    sys.exit(main())
