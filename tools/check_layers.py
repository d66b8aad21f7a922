#!/usr/bin/env python3
"""Holds the sources to the layout of docs/architecture.md.

  tools/check_layers.py               check this repository; one line per violation, exit 1 if any
  tools/check_layers.py --report      also list what to look at: sources without a test of their own,
                                      long files, names that stand for two files
  tools/check_layers.py --self-test   plant one violation of each rule and see it found
"""
import argparse
import pathlib
import re
import sys
import tempfile

# The folders that each folder may include; what those may include is allowed too.
ARROWS = {
    "base": [],
    "quant": ["base"],
    "floatops": ["base"],
    "graph": ["quant", "floatops"],
    "qdq": ["graph"],
    "onnx": ["graph", "qdq"],
    "zoo": ["graph"],
    "recipe": ["quant"],
    "prepare": ["graph", "recipe", "qdq"],
    "data": ["base"],
    "checkpoint": ["graph"],
    "run": ["onnx", "prepare", "checkpoint"],
    "fakequant": ["quant"],
    "train": ["fakequant", "prepare", "data", "checkpoint", "run", "recipe", "graph"],
    "convert": ["prepare", "qmodel"],
    "qmodel": ["quant", "floatops"],
    "kernels": ["quant"],
    "runtime": ["qmodel", "kernels"],
    "capi": ["runtime", "data"],
}
ARROWS["cli"] = sorted(ARROWS)

TORCH_FOLDERS = {"fakequant", "train"}
# Which folders may include the headers that begin so.
OUTSIDE = [
    (re.compile(r"^(torch|ATen|c10)/"), TORCH_FOLDERS),
    (re.compile(r"^protozero/"), {"onnx"}),
    (re.compile(r"^(flatbuffers/|model_generated\.h)"), {"qmodel"}),
    (re.compile(r"^yaml-cpp/"), {"recipe", "run"}),
    (re.compile(r"^CLI/"), {"cli"}),
    (re.compile(r"^(jpeglib|png|jerror)\.h$"), {"data"}),
    # libtorch's include folder carries another fmt.
    (re.compile(r"^(fmt|spdlog)/"), set(ARROWS) - TORCH_FOLDERS),
]
INTRINSICS = re.compile(r"^(\w*intrin|arm_neon)\.h$")
ISA_FILE = re.compile(r"^(x86|arm)_\w+\.(cpp|h)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
# Folders where one file an item is the rule, so that names repeat between them.
ITEM_FOLDERS = {"ops", "passes", "lowerings", "commands", "sources", "models", "estimators", "observers"}


def closure(arrows):
    reach = {}

    def visit(folder):
        if folder not in reach:
            reach[folder] = {folder}
            for target in arrows[folder]:
                reach[folder] |= visit(target)
        return reach[folder]

    for folder in arrows:
        visit(folder)
    return reach


REACH = closure(ARROWS)


def sources(root, top):
    return sorted(p for p in (root / top).rglob("*") if p.suffix in (".h", ".cpp"))


def check_include(name, folder, quote, header):
    """What is wrong with one #include of gradus/<folder>/..., or None."""
    if quote == '"' and header.startswith("gradus/"):
        target = header.split("/")[1]
        if target not in ARROWS:
            return f"{header}: '{target}' is in no arrow of tools/check_layers.py"
        if target not in REACH[folder]:
            return f"{header}: {folder} may not include {target}"
        if "/detail/" in header and target != folder:
            return f"{header}: a detail/ header belongs to its own folder"
    for pattern, folders in OUTSIDE:
        if pattern.match(header) and folder not in folders:
            return f"{header}: only {', '.join(sorted(folders))} may include it"
    is_isa = folder == "kernels" and ISA_FILE.match(name)
    if INTRINSICS.match(header) and not is_isa:
        return f"{header}: only kernels/*/x86_* and arm_* may include it"
    if header.startswith("gradus/") and ISA_FILE.match(header.split("/")[-1]) and not is_isa:
        return f"{header}: only kernels/*/x86_* and arm_* may include it"
    # An inline function of the C++ library, compiled for a newer CPU, may be the copy that the
    # linker keeps for the whole program.
    if is_isa and quote == "<" and not header.endswith(".h"):
        return f"<{header}>: a file for one instruction set includes no C++ library"
    return None


def check_text(path, text):
    if not text.isascii():
        line = next(i for i, t in enumerate(text.split("\n"), 1) if not t.isascii())
        yield f"line {line} is not ASCII"
    if path.suffix == ".h":
        if not text.startswith("//"):
            yield "a header opens with a comment that says what it is"
        if "#pragma once" not in text:
            yield "a header has #pragma once"


def check_library(root):
    for path in sources(root, "gradus"):
        name = path.relative_to(root)
        if len(name.parts) < 3:
            yield f"{name}: a source lies in a folder of gradus/"
            continue
        folder = name.parts[1]
        if folder not in ARROWS:
            yield f"{name}: '{folder}' is in no arrow of tools/check_layers.py"
            continue
        text = path.read_text()
        for problem in check_text(path, text):
            yield f"{name}: {problem}"
        for quote, header in INCLUDE.findall(text):
            problem = check_include(path.name, folder, quote, header)
            if problem:
                yield f"{name}: {problem}"
            if folder == "train" and path.suffix == ".h" and header.startswith("torch/"):
                yield f"{name}: {header}: a header of train includes no torch/ header"


def check_tests(root):
    """Tests of folders that build without libtorch build without it too."""
    for path in sources(root, "tests"):
        name = path.relative_to(root)
        text = path.read_text()
        for problem in check_text(path, text):
            yield f"{name}: {problem}"
        folder = name.parts[1]
        if folder not in ARROWS or TORCH_FOLDERS & REACH[folder]:
            continue
        for _, header in INCLUDE.findall(text):
            if re.match(r"^(torch|ATen|c10|gradus/fakequant|gradus/train)/", header):
                yield f"{name}: {header}: {folder} builds without libtorch"


def check_cmake(root):
    for folder in ARROWS:
        path = root / "gradus" / folder / "CMakeLists.txt"
        if not path.exists():
            continue
        for block in re.findall(r"gradus_library\(([^)]*)\)", path.read_text()):
            depends = re.search(r"\bDEPENDS\b([^)]*?)(?:\bLINK\b|\bSOURCES\b|$)", block, re.DOTALL)
            for target in depends.group(1).split() if depends else []:
                if target not in REACH[folder]:
                    yield f"{path.relative_to(root)}: DEPENDS {target}: {folder} may not include it"


def violations(root):
    for check in (check_library, check_tests, check_cmake):
        yield from check(root)


def repeated_names(root):
    seen = {}
    for path in sources(root, "gradus"):
        name = path.relative_to(root)
        in_family = len(name.parts) > 3 and (name.parts[1] == "kernels" or name.parts[2] in ITEM_FOLDERS)
        if not in_family:
            seen.setdefault(path.name, []).append(str(name))
    return [places for places in seen.values() if len(places) > 1]


def report(root):
    """Things to look at, not violations."""
    tested = {p.name.removesuffix("_test.cpp") for p in sources(root, "tests")}
    for path in sources(root, "gradus"):
        name = path.relative_to(root)
        lines = path.read_text().count("\n")
        if lines > (150 if path.suffix == ".h" else 300):
            print(f"long: {name}: {lines} lines")
        if path.suffix == ".cpp" and not {path.stem, name.parts[2]} & tested and len(name.parts) == 3:
            print(f"no test of its own: {name}")
    for places in repeated_names(root):
        print(f"one name: {', '.join(places)}")


def self_test():
    header = "// What it is.\n#pragma once\n"
    planted = {
        "base -> quant": ("gradus/base/a.h", header + '#include "gradus/quant/quantizer.h"\n'),
        "runtime -> graph": ("gradus/runtime/a.cpp", '#include "gradus/graph/graph.h"\n'),
        "kernels -> train": ("gradus/kernels/conv/a.cpp", '#include "gradus/train/train.h"\n'),
        "unknown folder": ("gradus/utils/a.cpp", "int a;\n"),
        "include of an unknown folder": ("gradus/quant/a.cpp", '#include "gradus/utils/a.h"\n'),
        "torch in convert": ("gradus/convert/a.cpp", "#include <torch/torch.h>\n"),
        "ATen in cli": ("gradus/cli/a.cpp", "  #  include <ATen/ATen.h>\n"),
        "torch in a header of train": ("gradus/train/a.h", header + "#include <torch/torch.h>\n"),
        "protozero in graph": ("gradus/graph/a.cpp", "#include <protozero/pbf_reader.hpp>\n"),
        "flatbuffers in runtime": ("gradus/runtime/a.cpp", '#include "flatbuffers/flatbuffers.h"\n'),
        "fmt in train": ("gradus/train/a.cpp", "#include <fmt/format.h>\n"),
        "intrinsics in scalar.cpp": ("gradus/kernels/conv/scalar.cpp", "#include <immintrin.h>\n"),
        "intrinsics in runtime": ("gradus/runtime/x86_a.cpp", "#include <immintrin.h>\n"),
        "C++ library in an ISA file": ("gradus/kernels/conv/x86_avx2.cpp", "#include <algorithm>\n"),
        "detail of another folder": ("gradus/quant/a.cpp", '#include "gradus/base/detail/a.h"\n'),
        "no opening comment": ("gradus/base/a.h", "#pragma once\n"),
        "no pragma once": ("gradus/base/a.h", "// What it is.\n"),
        "not ASCII": ("gradus/base/a.cpp", "// \u00fcber\n"),
        "torch in tests of quant": ("tests/quant/a_test.cpp", "#include <torch/torch.h>\n"),
        "CMake against the arrows": ("gradus/base/CMakeLists.txt",
                                     "gradus_library(base\n  SOURCES a.cpp\n  DEPENDS quant\n  LINK x)\n"),
        "an ISA header elsewhere": ("gradus/kernels/conv/table.cpp",
                                    '#include "gradus/kernels/conv/x86_a.h"\n'),
    }
    allowed = {
        "gradus/base/error.h": header,
        "gradus/train/b.cpp": '#include <torch/torch.h>\n#include "gradus/base/error.h"\n',
        "gradus/kernels/conv/x86_avx2.cpp": "#include <immintrin.h>\n#include <stdint.h>\n",
        "gradus/cli/b.cpp": '#include <fmt/format.h>\n#include "gradus/train/train.h"\n',
        "gradus/runtime/ops/b.cpp": '#include "gradus/kernels/conv/conv.h"\n',
        "tests/train/b_test.cpp": "#include <torch/torch.h>\n",
        "gradus/quant/CMakeLists.txt": "gradus_library(quant\n  SOURCES a.cpp\n  DEPENDS base)\n",
    }

    def found(extra):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {**allowed, **extra}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            return list(violations(root))

    failures = [f"refused what is allowed: {v}" for v in found({})]
    for what, (name, text) in planted.items():
        if not any(v.startswith(name) for v in found({name: text})):
            failures.append(f"did not find: {what}")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    root = pathlib.Path(__file__).resolve().parent.parent
    problems = self_test() if arguments.self_test else list(violations(root))
    print("".join(f"{problem}\n" for problem in problems), end="")
    if arguments.report:
        report(root)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
