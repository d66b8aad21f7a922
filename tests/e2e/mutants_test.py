#!/usr/bin/env python3
"""Seeded mutants of every artefact through the real program, each by a process of its own.

  mutants_test.py --program build/gradus --artefacts build/fuzz_artefacts [--mutants N] [--seed S]
                  [--only KIND] [--first I] [--generous]

Every run ends with status 0, or with 2 and one line, in (processor) time and memory, and leaves nothing behind but what it
was asked to write. What status 0 may mean depends on the file:
  sealed  it carries a checksum (model.gradus, all of a RUN): no mutant is taken
  same    it carries checksums of what matters (PNG, zip, gzip): a mutant that is taken gives the same answer
  open    it carries none (ONNX, recipe, npy, IDX, JPEG, lists): a mutant that is taken is another sound file
A failure names the mutant; --only KIND --first I --mutants 1 runs it again.
"""
import argparse
import json
import pathlib
import random
import shutil
import subprocess
import sys
import time

from limited import Limits, run_limited
from mutants import mutated
from program import SEED, Failures, Workspace

MIB = 1 << 20
STRICT = Limits(address_space=2048 * MIB, cpu_s=10, wall_s=2.0, resident=512 * MIB)
GENEROUS = Limits(address_space=None, cpu_s=60, wall_s=20.0, resident=2048 * MIB)
PICTURES = "imagelist:{},resize=8,crop=8"
RUN = ("run", "model.gradus", "--input", "x.npy", "--output", "out/y.npy")
CONVERT = ("convert", "RUN", "-o", "out/m.gradus")


class Kind:
    """A file, what is done with it, and what status 0 means."""

    def __init__(self, file, rule, *commands, many_lines=False):
        self.file, self.rule, self.commands, self.many_lines = file, rule, commands, many_lines
        self.refused = self.taken = 0


def kinds():
    listed = ("eval", "model.gradus", "--json", "--threads", "1", "--data")
    grey = ("eval", "grey.gradus", *listed[2:])
    return {
        "onnx": Kind("net.onnx", "open", ("inspect", "net.onnx"), ("check", "net.onnx", "-r", "w4a4"),
                     many_lines=True),
        "model": Kind("model.gradus", "sealed", RUN, ("inspect", "model.gradus")),
        "checkpoint": Kind("RUN/checkpoint.safetensors", "sealed", CONVERT,
                           ("inspect", "RUN/checkpoint.safetensors")),
        "run_network": Kind("RUN/model.onnx", "sealed", CONVERT, ("inspect", "RUN")),
        "run_recipe": Kind("RUN/recipe.yaml", "sealed", CONVERT, many_lines=True),
        "run_metadata": Kind("RUN/metadata.json", "sealed", CONVERT),
        "recipe": Kind("recipe.yaml", "open", ("check", "net.onnx", "-r", "recipe.yaml"), many_lines=True),
        "npy": Kind("x.npy", "open", RUN),
        "png": Kind("p.png", "same", (*listed, PICTURES.format("png.txt"))),
        "jpeg": Kind("p.jpg", "open", (*listed, PICTURES.format("jpg.txt"))),
        "npz": Kind("arrays.npz", "same", (*listed, "npz:arrays.npz")),
        "idx": Kind("digits/t10k-images-idx3-ubyte", "open", (*grey, "mnist:digits,classes=5")),
        "idx_labels": Kind("digits/t10k-labels-idx1-ubyte", "open", (*grey, "mnist:digits,classes=5")),
        "idx_gz": Kind("packed/t10k-images-idx3-ubyte.gz", "same", (*grey, "mnist:packed,classes=5")),
        "list": Kind("list.txt", "open", (*listed, PICTURES.format("list.txt"))),
    }


def answer_of(result, work):
    """What the program said and wrote, without times."""
    said = []
    for line in result.out.decode(errors="replace").splitlines():
        try:
            said.append({k: v for k, v in json.loads(line).items() if k not in ("seconds", "rate", "speed")})
        except ValueError:
            said.append(line)
    return said, [p.read_bytes() for p in sorted((work.path / "out").iterdir())]


class Mutants:
    def __init__(self, work, limits, failures, seed):
        self.work, self.limits, self.failures, self.seed = work, limits, failures, seed
        self.kinds = kinds()
        files = (p for p in work.path.rglob("*") if p.is_file())
        self.contents = [p.read_bytes() for p in sorted(files)]
        self.slowest = self.largest = 0.0
        for name, kind in self.kinds.items():
            kind.whole = work.read(kind.file)
            kind.answers = []
            for command in kind.commands:
                result = self.run(command)
                failures.expect(result.status == 0, f"intact {name}: gradus {' '.join(command)}: {result.errors}")
                kind.answers.append(answer_of(result, work))
                self.clear()
        self.before = self.names()

    def run(self, command):
        return run_limited([self.work.program, *command], self.limits, cwd=self.work.path)

    def names(self):
        return {str(p) for p in self.work.path.rglob("*")}

    def clear(self):
        for path in (self.work.path / "out").iterdir():
            path.unlink()

    def judge(self, name, index):
        kind = self.kinds[name]
        source = random.Random(f"{self.seed} {name} {index}")
        self.work.write(kind.file, mutated(kind.whole, self.contents, source))
        which = source.randrange(len(kind.commands))
        result = self.run(kind.commands[which])
        told = f"{name} {index}: gradus {' '.join(kind.commands[which])}: status {result.status}, {result.errors[:3]}"
        expect = self.failures.expect
        expect(result.status in (0, 2), f"{told}: expected status 0 or 2")
        expect(result.used_s <= self.limits.wall_s, f"{told}: took {result.used_s:.2f} s")
        expect(result.resident <= self.limits.resident, f"{told}: held {result.resident / MIB:.0f} MiB")
        self.slowest = max(self.slowest, result.used_s)
        self.largest = max(self.largest, result.resident / MIB)
        if result.status == 2:
            kind.refused += 1
            lines = len(result.errors)
            expect(lines == 1 or (kind.many_lines and lines > 1), f"{told}: expected one line")
            expect(self.names() == self.before, f"{told}: wrote {self.names() ^ self.before}")
        elif result.status == 0:
            kind.taken += 1
            outside = {n for n in self.names() ^ self.before if not n.startswith(str(self.work.path / "out"))}
            expect(not outside, f"{told}: wrote {outside}")
            expect(kind.rule != "sealed", f"{told}: taken, in spite of its checksum")
            if kind.rule == "same":
                expect(answer_of(result, self.work) == kind.answers[which], f"{told}: another answer, no error")
        self.clear()

    def restore(self, name):
        self.work.write(self.kinds[name].file, self.kinds[name].whole)


def run(arguments, failures):
    with Workspace(arguments.program) as work:
        subprocess.run([str(pathlib.Path(arguments.artefacts).resolve()), str(work.path)], check=True)
        (work.path / "out").mkdir()
        work.write("png.txt", "p.png 0\n")
        work.write("jpg.txt", "p.jpg 4\n")
        mutants = Mutants(work, GENEROUS if arguments.generous else STRICT, failures, arguments.seed)
        names = [arguments.only] if arguments.only else list(mutants.kinds)
        start = time.monotonic()
        for name in names:
            for index in range(arguments.first, arguments.first + arguments.mutants // len(names)):
                mutants.judge(name, index)
            mutants.restore(name)
            kind = mutants.kinds[name]
            print(f"{name}: {kind.refused} refused, {kind.taken} taken ({kind.rule})", flush=True)
        count = sum(k.refused + k.taken for k in mutants.kinds.values())
        print(f"{count} mutants in {time.monotonic() - start:.0f} s, seed {arguments.seed}; "
              f"slowest {mutants.slowest:.3f} s, largest {mutants.largest:.0f} MiB")
        shutil.rmtree(work.path / "out")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--artefacts", required=True)
    parser.add_argument("--mutants", type=int, default=750, help="of all kinds together")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", choices=sorted(kinds()))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--generous", action="store_true", help="for a program with sanitizers")
    arguments = parser.parse_args()
    failures = Failures()
    run(arguments, failures)
    return failures.finish()


if __name__ == "__main__":
    sys.exit(main())
