#!/usr/bin/env python3
"""Real digits: the zoo's smallest network learns MNIST in float and on 4 bits, and the engine answers as well
as training said. Skipped, visibly, where $GRADUS_DATA has no mnist.

  mnist_test.py --program build/gradus
"""
import argparse
import json
import os
import pathlib
import sys

from program import Failures, Workspace

FOLDER = pathlib.Path(os.environ.get("GRADUS_DATA") or pathlib.Path.home() / ".cache" / "gradus") / "mnist"
RECIPE = """version: 1
quantize: {quantize}
defaults: {{weights: {{bits: 4}}, activations: {{bits: 4}}}}
training: {{epochs: {epochs}, batch_size: 64, lr: {lr}, weight_decay: 0, label_smoothing: 0.05, seed: 1}}
augmentation: {{augment: pad_crop_flip, hflip: 0, mixup: {mixup}}}
"""


def accuracy(work, path, data):
    lines = work.must("eval", path, "--data", data, "--json").out.splitlines()
    return next(event["top1"] for event in map(json.loads, lines) if event["event"] == "eval")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--program", required=True)
    arguments = parser.parse_args()
    if not FOLDER.is_dir():
        print(f"skipped: there is no {FOLDER}")
        return 77
    failures = Failures()
    data = f"mnist:{FOLDER}"
    pixels = "channels=3,resize=32,mean=.1307,std=.3081"
    with Workspace(arguments.program) as work:
        work.write("float.yaml", RECIPE.format(quantize="false", lr=0.05, mixup=0.1, epochs=4))
        work.write("few.yaml", RECIPE.format(quantize="true", lr=0.02, mixup=0, epochs=3))
        work.must("init", "small", "-o", "net.onnx")
        work.must("train", "net.onnx", "-r", "float.yaml", "--data", f"{data},{pixels},limit=6400,seed=1",
                  "-o", "float", "--no-test")
        work.must("train", "float", "-r", "few.yaml", "--data", f"{data},limit=6400,seed=1", "-o", "few", "--no-test")
        work.must("convert", "few", "-o", "model.gradus")
        test = f"{data},limit=2000,seed=2"
        found = {path: accuracy(work, path, test) for path in ("float", "few", "model.gradus")}
        print(found)
        failures.expect(found["float"] > 0.93, f"float: {found}")
        failures.expect(found["few"] > 0.8, f"4 bits: {found}")
        failures.expect(found["few"] == found["model.gradus"], f"the engine differs from training: {found}")
    return failures.finish()


if __name__ == "__main__":
    sys.exit(main())
