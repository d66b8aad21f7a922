#!/usr/bin/env python3
"""Every example of every command's help runs, on a small network and generated pictures.

  examples_test.py --program build/gradus
"""
import argparse
import re
import shutil
import sys

from program import DATA, Failures, Workspace, npy, png

RECIPE = "version: 1\ntraining: {epochs: 1, batch_size: 64}\n"
# quickstart takes minutes: it has a test of its own.
LEFT_OUT = {"quickstart"}


def commands(work):
    return re.findall(r"^  ([a-z][a-z-]*)\s", work.must("--help").out, re.MULTILINE)


def examples(work, command):
    text = work.must(command, "--help").out
    shown = text[text.index("Examples:"):] if "Examples:" in text else ""
    return re.findall(r"^\s*gradus (.+)$", shown, re.MULTILINE)


def adapted(example):
    """The example on data that is there."""
    example = example.replace("cifar10:DIR,limit=64", "synthetic:shapes,limit=64").replace("cifar10:DIR", DATA)
    example = example.replace("imagelist:LIST,limit=100", "imagelist:list.txt,resize=32,crop=32")
    # The smallest network, whichever the example reads.
    return re.sub(r"(?<!-o )\b(?!quantized)\w+\.onnx", "net.onnx", example).split()


def fill(work):
    work.must("init", "small", "-o", "net.onnx")
    work.write("recipe.yaml", RECIPE)
    work.write("x.npy", npy([2, 3, 32, 32], [0.25] * (2 * 3 * 32 * 32)))
    work.write("p.png", png(40, 40))
    work.write("list.txt", "p.png 1\n" * 4)
    work.must("train", "net.onnx", "-r", "recipe.yaml", "--data", DATA, "-o", "RUN", "--no-test")
    work.must("convert", "RUN", "-o", "model.gradus")
    work.must("export", "RUN", "-o", "quantized.onnx")
    shutil.copytree(work.path / "RUN", work.path / "KEPT")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--program", required=True)
    arguments = parser.parse_args()
    failures = Failures()
    with Workspace(arguments.program) as work:
        fill(work)
        for command in commands(work):
            shown = examples(work, command)
            failures.expect(shown, f"gradus {command} --help shows no example")
            for example in shown if command not in LEFT_OUT else []:
                words = adapted(example)
                shutil.rmtree(work.path / "RUN")
                # An example that makes a RUN begins without one.
                if "--resume" in words or words[words.index("-o") + 1 if "-o" in words else 0] != "RUN":
                    shutil.copytree(work.path / "KEPT", work.path / "RUN")
                result = work.run(*words)
                failures.expect(result.status == 0, f"gradus {example}: status {result.status}: {result.errors[:3]}")
                shutil.rmtree(work.path / "RUN", ignore_errors=True)
                shutil.copytree(work.path / "KEPT", work.path / "RUN")
    return failures.finish()


if __name__ == "__main__":
    sys.exit(main())
