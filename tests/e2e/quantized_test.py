#!/usr/bin/env python3
"""A quantized .onnx is taken by every command as the RUN is that it was exported from: the same codes.

  quantized_test.py --program build/gradus
"""
import argparse
import json
import sys

from program import DATA, Failures, Workspace, npy

# By the zoo's names; the recipe of each is trained for an epoch, or calibrated.
TRAINED = ("w8a8", "w4a4", "w3a3", "w2a2", "w1a8", "w1a2", "w4a1")
CALIBRATED = {"resnet20": 32, "mobilenet-v2": 224, "mobilenet-v3-small": 224, "shufflenet-v2": 224}


def events(result, kind):
    lines = [json.loads(line) for line in result.out.splitlines()]
    return [{k: v for k, v in line.items() if k != "event"} for line in lines if line["event"] == kind]


def round_trip(failures, work, run, data, formats=("qdq", "qcdq")):
    """Every form that the RUN can be exported as, whole: verified, and its codes on one batch."""
    for form in formats:
        name = f"{run}.{form}"
        work.must("export", run, "-o", f"{name}.onnx", "--format", form)
        work.must("convert", f"{name}.onnx", "-o", f"{name}.gradus")
        for model in (f"{name}.gradus", f"{name}.onnx"):
            result = work.run("verify", run, model, "--data", data, "--json")
            found = events(result, "verified")
            failures.expect(result.status == 0 and found and found[0]["differing"] == 0
                            and found[0]["codes"] > 10000, f"verify {run} {model}: {result.errors} {found}")


def outputs(work, model):
    work.must("run", model, "--input", "x.npy", "--output", "y.npy")
    return work.read("y.npy")


def check_commands(failures, work):
    """The commands on w4a4.qdq.onnx, beside what they say of the RUN and of its model.gradus."""
    work.must("convert", "w4a4", "-o", "model.gradus")
    expected = outputs(work, "model.gradus")
    for model in ("w4a4.qdq.onnx", "w4a4.qcdq.onnx", "w4a4.qdq.gradus", "w4a4"):
        failures.expect(outputs(work, model) == expected, f"run {model}: other numbers")

    def evaluated(model):
        found = events(work.must("eval", model, "--data", DATA, "--json"), "eval")[0]
        return {key: found[key] for key in ("as", "images", "top1", "top5", "loss")}

    failures.expect(evaluated("w4a4.qdq.onnx") == evaluated("model.gradus"), "eval: other accuracy")

    def inspected(path):
        result = work.must("inspect", path, "--json")
        nodes = [(n["name"], n["op"], n["output"], n["macs"]) for n in events(result, "node")]
        return nodes, events(result, "graph")[0]["macs"], {m["key"] for m in events(result, "metadata")}

    run, onnx = inspected("w4a4"), inspected("w4a4.qdq.onnx")
    failures.expect(run[:2] == onnx[:2] and run[1] > 0, f"inspect: {run[:2]} and {onnx[:2]}")
    failures.expect({"recipe", "recipe.resolved", "requantize", "data.hash"} <= onnx[2], f"inspect: {onnx[2]}")
    table = work.must("inspect", "w4a4.qdq.onnx").out
    for word in ("s4 per channel", "u4 scale", "bytes of weights", "kB of weights"):
        failures.expect(word in table, f"inspect: shows no {word!r}")
    timed = events(work.must("bench", "w4a4.qdq.onnx", "--seconds", "0.05", "--json"), "layer")
    failures.expect(len(timed) == len(events(work.must("bench", "model.gradus", "--seconds", "0.05", "--json"),
                                             "layer")), "bench: other layers")
    failures.expect("none of its operators in float" in work.must("check", "w4a4.qdq.onnx").out, "check")


def check_refusals(failures, work):
    quantized = "w4a4.qdq.onnx"
    for words, said in ((("train", quantized, "-r", "w4a4", "--data", DATA, "-o", "new"), "quantized already"),
                        (("quantize", quantized, "-r", "w4a4", "--data", DATA, "-o", "new"), "quantized already"),
                        (("check", quantized, "-r", "w4a4"), "leave -r out"),
                        (("check", "net.onnx"), "give -r"),
                        (("eval", quantized, "--data", DATA, "--as", "float"), "--format float"),
                        (("run", "net.onnx", "--input", "x.npy", "--output", "new"), "is a float network"),
                        (("verify", "net.onnx", "model.gradus", "--data", DATA), "is a float network"),
                        (("convert", "model.gradus", "-o", "new"), "is converted already"),
                        (("convert", "w4a4", "-o", "new", "--requantize", "ieee32"), "leave it out")):
        result = work.run(*words)
        failures.expect(result.status == 2 and len(result.errors) == 1 and said in result.errors[0],
                        f"gradus {' '.join(words)}: exit {result.status}, {result.errors}")
        failures.expect(not (work.path / "new").exists(), f"gradus {words[0]} wrote something")
    # What it is told to do instead works.
    work.must("export", quantized, "-o", "floats.onnx", "--format", "float")
    work.must("train", "floats.onnx", "-r", "w4a4", "--data", DATA, "-o", "again", "--no-test", "--epochs", "1")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--program", required=True)
    arguments = parser.parse_args()
    failures = Failures()
    with Workspace(arguments.program) as work:
        work.must("init", "small", "-o", "net.onnx")
        work.write("x.npy", npy([2, 3, 32, 32], [work.random.uniform(-1, 2) for _ in range(2 * 3 * 32 * 32)]))
        for recipe in TRAINED:
            work.must("train", "net.onnx", "-r", recipe, "--data", DATA, "-o", recipe, "--no-test", "--epochs", "1")
            round_trip(failures, work, recipe, DATA.replace("limit=256", "limit=64"))
        check_commands(failures, work)
        check_refusals(failures, work)
        for model, size in CALIBRATED.items():
            work.must("init", model, "--classes", "10", "-o", f"{model}.onnx")
            data = f"random:3x{size}x{size},limit=4,classes=10"
            for recipe in ("w8a8", "w4a4"):
                run = f"{model}-{recipe}"
                work.must("quantize", f"{model}.onnx", "-r", recipe, "--data", data, "-o", run, "--no-test")
                round_trip(failures, work, run, data.replace("limit=4", "limit=2"), ("qdq",))
    return failures.finish()


if __name__ == "__main__":
    sys.exit(main())
