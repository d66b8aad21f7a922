#!/usr/bin/env python3
"""Every artefact says where it came from: recipe, what the recipe came to, versions, seed, data.

  origin_test.py --program build/gradus
"""
import argparse
import json
import sys

from program import DATA, Failures, Workspace

KEYS = {"recipe", "recipe.resolved", "gradus.version", "libtorch.version", "seed", "source", "data.source",
        "data.hash", "data.pixels.scale"}


def metadata(work, path):
    lines = [json.loads(line) for line in work.must("inspect", path, "--json").out.splitlines()]
    return {line["key"]: line["value"] for line in lines if line["event"] == "metadata"}


def check(failures, work, path, expected):
    found = metadata(work, path)
    for key in KEYS:
        failures.expect(key in found, f"{path}: inspect shows no {key}")
    for key, value in expected.items():
        failures.expect(found.get(key) == value, f"{path}: {key} is {found.get(key)!r}; expected {value!r}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--program", required=True)
    arguments = parser.parse_args()
    failures = Failures()
    with Workspace(arguments.program) as work:
        work.must("init", "small", "-o", "net.onnx")
        recipe = "version: 1\ndefaults: {weights: {bits: 4}}\ntraining: {epochs: 1, batch_size: 64, seed: 7}\n"
        work.write("recipe.yaml", recipe)
        for name, words in (("ptq", ["quantize"]), ("qat", ["train"])):
            work.must(*words, "net.onnx", "-r", "recipe.yaml", "--data", DATA, "-o", name, "--no-test")
            work.must("convert", name, "-o", f"{name}.gradus")
            run = check(failures, work, name, {"seed": "7", "source": "net.onnx"})
            same = {key: run.get(key) for key in KEYS}
            model = check(failures, work, f"{name}.gradus", same)
            failures.expect(model.get("written_by", "").startswith("gradus "), f"{name}: nobody wrote it")
            failures.expect("bits: 4" in model.get("recipe.resolved", ""), f"{name}: not what the recipe came to")
            # Read again, the recipe is the same one.
            work.write("again.yaml", model.get("recipe", ""))
            failures.expect(work.run("check", "net.onnx", "-r", "again.yaml").status == 0, f"{name}: recipe is none")
        other = DATA.replace("limit=256", "limit=128")
        work.must("quantize", "net.onnx", "-r", "recipe.yaml", "--data", other, "-o", "other", "--no-test")
        failures.expect(metadata(work, "other")["data.hash"] != metadata(work, "ptq")["data.hash"],
                        "other data has the same checksum")
    return failures.finish()


if __name__ == "__main__":
    sys.exit(main())
