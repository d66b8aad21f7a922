#!/usr/bin/env python3
"""gradus check names every problem of a network and its recipe in one run, each once, and invents none.

  check_test.py --program build/gradus
"""
import argparse
import json
import sys

from onnx_file import floats, model, node
from program import Failures, Workspace

RECIPE = """version: 1
defaults: {weights: {bits: 8}, activations: {bits: 8}}
numerics: {islands: false}
overrides:
  - {select: conv1, weights: {bits: 4}}
  - {select: no_such_layer, weights: {bits: 4}}
  - {select: far, weights: {bits: 4}}
ignored_scope: [nor_this]
"""
W = floats("w", [4, 4, 1, 1], [0.25] * 16)
S = floats("s", [4], [1.0] * 4)


def conv(name, before, after, **attributes):
    return node("Conv", [before, "w"], after, name, **attributes)


def chain():
    """3 unsupported operators, 2 bad attributes (and one operator that has two), 2 layers without integers, one
    after the other: of what follows the first nothing is known but by guessing."""
    return model([
        conv("conv1", "x", "a"),
        node("Det", ["a"], "b", "first"),
        conv("far", "b", "c"),
        node("LeakyRelu", ["c"], "d", "leaky", alpha="much"),
        node("NonZero", ["d"], "e", "second"),
        node("LRN", ["e"], "f", "norm", size=3),
        conv("odd", "f", "g", auto_pad="ROUND"),
        node("Celu", ["g"], "h", "strange", beta=2, gamma=3.0),
        node("Foo", ["h"], "i", "third", domain="com.example"),
        node("InstanceNormalization", ["i", "s", "s"], "j", "instance"),
        node("Relu", ["j"], "y", "last"),
    ], [("x", ["N", 4, 8, 8])], ["y"], [W, S])


# (node, what the line says) in the order in which they are told; node "" where it is of none.
EXPECTED = [
    ("first", "is not an operator"), ("leaky", "attribute 'alpha' is of another type"), ("second", "is not an operator"),
    ("odd", "auto_pad"), ("strange", "attribute beta"), ("strange", "attribute gamma"), ("third", "is not an operator"),
    ("", "'no_such_layer' matches no node"), ("", "'nor_this' matches no node"),
    ("norm", ""), ("instance", ""),
]


class Test:
    def __init__(self, work, failures):
        self.work, self.failures = work, failures
        work.write("recipe.yaml", RECIPE)

    def problems(self, content, recipe="recipe.yaml"):
        """The problems as JSON says them, after a look at what the text says."""
        self.work.write("net.onnx", content)
        text = self.work.run("check", "net.onnx", "-r", recipe)
        told = self.work.run("check", "--json", "net.onnx", "-r", recipe)
        expect = self.failures.expect
        found = [json.loads(line) for line in told.out.splitlines()]
        found = [f for f in found if f["event"] == "problem"]
        if found:
            lines = [line for line in text.out.splitlines() if line.endswith("]")]
            expect(len(lines) == len(found), f"as many lines as events: {text.out}")
            expect(len(set(lines)) == len(lines), f"each problem once: {text.out}")
            expect(text.status == 2 and len(text.errors) == 1, f"status 2 and one line: {text.errors}")
            expect(str(len(found)) in text.errors[0] and found[0]["found"] in text.errors[0],
                   f"the line counts them and names the first: {text.errors}")
        return found, text

    def everything_at_once(self):
        found, _ = self.problems(chain())
        told = [(f["node"], f["found"]) for f in found]
        self.failures.expect(len(told) == len(EXPECTED), f"{len(EXPECTED)} problems: {told}")
        for (name, words), (place, text) in zip(EXPECTED, told):
            self.failures.expect(name == place and words in text, f"'{words}' of '{name}': {place}: {text}")
        for command in (("inspect", "net.onnx"), ("convert", "net.onnx", "-o", "out.gradus")):
            result = self.work.run(*command)
            self.failures.expect(result.status == 2 and len(result.errors) == 1,
                                 f"{command[0]} stops with one line: {result.errors}")

    def nothing_invented(self):
        """What follows a node that is wrong fits only the shape that it would have made."""
        matrix = floats("m", [10, 72], [0.1] * 720)
        for bad in (node("Det", ["a"], "b", "bad"), node("MaxPool", ["a"], "b", "bad", kernel_shape=[0, 3])):
            found, text = self.problems(model([
                conv("conv1", "x", "a"), bad, node("Conv", ["b", "v"], "c", "two"),
                node("Flatten", ["c"], "d", "flat"), node("Gemm", ["d", "m"], "y", "fc", transB=1),
            ], [("x", ["N", 4, 8, 8])], ["y"], [W, floats("v", [2, 7, 3, 3], [0.1] * 126), matrix]), "w8a8")
            self.failures.expect(not found and text.status == 2 and len(text.errors) == 1 and "bad" in text.errors[0],
                                 f"one problem, said as by every command: {found} {text.errors}")

    def branches(self):
        """What is wrong beside each other is told without a guess."""
        nodes = [conv("conv1", "x", "a")]
        for i in range(30):
            nodes.append(conv(f"bad{i}", "a", f"b{i}", group=3 + i))
        nodes.append(node("Sum", [f"b{i}" for i in range(30)], "y", "sum"))
        found, _ = self.problems(model(nodes, [("x", ["N", 4, 8, 8])], ["y"], [W]), "w8a8")
        self.failures.expect([f["node"] for f in found] == [f"bad{i}" for i in range(30)], f"each of 30: {found}")

    def subgraphs(self):
        """Attributes that cannot be read at all are told with the rest."""
        empty = b"\x0a\x01b\xa0\x01\x05\x32\x00"  # named b, of type GRAPH, with an empty graph
        loop = node("If", ["a"], "b", "branch") + b"\x2a" + bytes([len(empty)]) + empty
        found, _ = self.problems(model([conv("conv1", "x", "a"), loop, node("Det", ["b"], "c", "bad"),
                                        node("Relu", ["c"], "y", "end")], [("x", ["N", 4, 8, 8])], ["y"], [W]), "w8a8")
        self.failures.expect([f["node"] for f in found] == ["branch", "bad"], f"the subgraph and the operator: {found}")

    def sound(self):
        _, text = self.problems(model([conv("conv1", "x", "a"), node("Relu", ["a"], "y", "far")],
                                      [("x", ["N", 4, 8, 8])], ["y"], [W]), "w8a8")
        self.failures.expect(text.status == 0, f"a sound network: {text.errors}")

    def weights(self):
        """What prepare finds: weights that are no numbers, in several layers."""
        bad = floats("w", [4, 4, 1, 1], [float("nan")] * 16)
        found, _ = self.problems(model([conv("one", "x", "a"), conv("two", "a", "y")], [("x", ["N", 4, 8, 8])], ["y"],
                                       [bad]), "w8a8")
        self.failures.expect([f["node"] for f in found] == ["one", "two"], f"both layers: {found}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--program", required=True)
    arguments = parser.parse_args()
    failures = Failures()
    with Workspace(arguments.program) as work:
        test = Test(work, failures)
        for part in (test.everything_at_once, test.nothing_invented, test.branches, test.subgraphs, test.sound,
                     test.weights):
            part()
    return failures.finish()


if __name__ == "__main__":
    sys.exit(main())
