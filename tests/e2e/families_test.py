#!/usr/bin/env python3
"""Small networks of every family, as PyTorch exports them (families/), the whole way: check, quantize, convert,
verify, export and back. Every code is the trained network's, before and after; and what comes out is, within
eight bits, what PyTorch computes.

  families_test.py --program build/gradus --torch-python build/venv/bin/python
"""
import argparse
import json
import math
import pathlib
import struct
import subprocess
import sys

from program import Failures, Workspace, npy

SKIPPED = 77
LARGEST_ERROR = 0.15  # of 8 bits: the difference's length by the length of what PyTorch gives
LEAST_AGREEMENT = 0.7  # of indices, some of which are as good as others


def values_of(content):
    header = struct.unpack_from("<H", content, 8)[0]
    return list(struct.unpack(f"<{(len(content) - 10 - header) // 4}f", content[10 + header:]))


def error_of(found, expected):
    return math.dist(found, expected) / (math.hypot(*expected) or 1.0)


class Family:
    def __init__(self, work, failures, name, network):
        self.work, self.failures, self.name, self.network = work, failures, name, network
        shape = "x".join(map(str, network["shape"]))
        self.data = f"random:{shape},limit=64,classes=5"
        if all(x >= 0 for x in network["inputs"]):  # bytes
            self.data += ",scale=50"

    def program(self, what, *arguments):
        result = self.work.run(*arguments)
        text = result.errors[-1] if result.errors else result.out
        return self.failures.expect(result.status == 0, f"{self.name}: {what}: exit {result.status}: {text}")

    def quantize(self, file, recipe, run):
        return (self.program("check", "check", file, "-r", recipe) and
                self.program(f"quantize {recipe}", "quantize", file, "-r", recipe, "--data", self.data, "-o", run,
                             "--no-test"))

    def verify(self, what, run, model):
        return self.program(f"verify {what}", "verify", run, model, "--data", self.data + ",split=test")

    def convert_and_verify(self, file, recipe):
        run, model = f"{file}.{recipe}", f"{file}.{recipe}.gradus"
        return (self.quantize(file, recipe, run) and
                self.program(f"convert {recipe}", "convert", run, "-o", model) and
                self.verify(recipe, run, model)) and run

    def export_and_back(self, run, form):
        quantized, back = f"{run}.{form}.onnx", f"{run}.{form}.gradus"
        return (self.program(f"export {form}", "export", run, "-o", quantized, "--format", form) and
                self.program(f"convert {form}", "convert", quantized, "-o", back) and
                self.verify(f"{form} and back", run, back))

    def compare_with_torch(self, model):
        """Of 8 bits; a network that did not take another meaning on its way in is close to PyTorch."""
        shape, inputs = self.network["shape"], self.network["inputs"]
        self.work.write("x.npy", npy((len(inputs) // math.prod(shape), *shape), inputs))
        if not self.program("run", "run", model, "--input", "x.npy", "--output", "y.npy"):
            return
        outputs = self.network["outputs"]
        files = ["y.npy"] if len(outputs) == 1 else [f"y.{i + 1}.npy" for i in range(len(outputs))]
        for file, expected in zip(files, outputs):
            found = values_of(self.work.read(file))
            if expected["whole"]:
                agreement = sum(a == b for a, b in zip(found, expected["values"])) / len(expected["values"])
                self.failures.expect(len(found) == len(expected["values"]) and agreement >= LEAST_AGREEMENT,
                                     f"{self.name}: {agreement:.2f} of the indices are PyTorch's")
                continue
            error = error_of(found, expected["values"])
            self.failures.expect(error <= LARGEST_ERROR, f"{self.name}: differs from PyTorch by {error:.3f}")

    def run(self):
        if self.convert_and_verify(f"{self.name}.fixed.onnx", "w8a8"):
            self.compare_with_torch(f"{self.name}.fixed.onnx.w8a8.gradus")
        if run := self.convert_and_verify(f"{self.name}.onnx", "w4a4"):
            self.export_and_back(run, "qdq")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--program", required=True)
    arguments.add_argument("--torch-python", required=True)
    options = arguments.parse_args()
    with Workspace(options.program) as work:
        script = pathlib.Path(__file__).parent / "families" / "export.py"
        done = subprocess.run([options.torch_python, script, work.path], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(done.stdout, done.stderr)
            return SKIPPED if done.returncode == SKIPPED else 1
        failures = Failures()
        networks = json.loads((work.path / "networks.json").read_text())
        for name, network in networks.items():
            Family(work, failures, name, network).run()
        print(f"{len(networks)} networks")
        return failures.finish()


if __name__ == "__main__":
    sys.exit(main())
