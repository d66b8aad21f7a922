#!/usr/bin/env python3
"""Installs gradus into an empty folder, moves it, builds examples/c against it in every way that
people do, and classifies pictures: the answers are those of `gradus run`.

  installed_test.py --build build --source . --write-model build/write_picture_model --cmake cmake
"""
import argparse
import array
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

MOST_BYTES = 1_000_000  # of the stripped library
SIDE = 12
MEAN, STD = (0.5, 0.25, 0.125), (0.5, 2.0, 1.0)


def run(*command, **options):
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, **options)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def f32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def preprocessed(pixels):
    """[3, SIDE, SIDE] floats of interleaved RGB bytes, each operation rounded to float."""
    values = array.array("f")
    for channel in range(3):
        for byte in pixels[channel::3]:
            pixel = f32(f32(byte * 1.0) / 255.0)
            values.append(f32(f32(pixel - MEAN[channel]) / STD[channel]))
    return values


def save_npy(path, values):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, {SIDE}, {SIDE}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + values.tobytes())


def load_npy(path):
    content = path.read_bytes()
    (size,) = struct.unpack("<H", content[8:10])
    return array.array("f", content[10 + size:])


def check_library(prefix, fail):
    library = next((prefix / "lib").rglob("libgradus.so.0.*"))
    stripped = prefix.parent / "stripped.so"
    run("strip", "-o", stripped, library)
    size = stripped.stat().st_size
    print(f"stripped libgradus.so: {size} bytes")
    if size > MOST_BYTES:
        fail(f"libgradus.so is {size} bytes stripped; expected at most {MOST_BYTES}")
    shown = {line.split()[-1] for line in run("nm", "-D", "--defined-only", library).splitlines()}
    declared = set(re.findall(r"^GRADUS_API[^;]*?\b(gradus_\w+)\(", (prefix / "include/gradus.h").read_text(), re.M))
    if shown != declared:
        fail(f"libgradus.so shows {sorted(shown ^ declared)[:5]} other than what gradus.h declares")
    needed = re.findall(r"Shared library: \[([^\]]+)\]", run("readelf", "-d", library))
    allowed = ("libz.", "libstdc++.", "libm.", "libgcc_s.", "libc.", "libpthread.", "ld-linux")
    for name in needed:
        if not name.startswith(allowed):
            fail(f"libgradus.so needs {name}")


def check_paths(prefix, build, fail):
    """Nothing that builds with the package names the folder it was built or first installed in."""
    for path in [*prefix.rglob("*.cmake"), *prefix.rglob("*.pc"), *prefix.rglob("*.h")]:
        for place in (str(build), str(prefix.parent / "first")):
            if place in path.read_text():
                fail(f"{path} names {place}")


def check_programs(prefix, fail):
    """Both start, and the one finds the other: `train` is known."""
    programs = sorted(path.name for path in (prefix / "bin").iterdir())
    for program in programs:
        run(prefix / "bin" / program, "--version")
    trains = " train " in run(prefix / "bin" / "gradus", "--help")
    if trains != ("gradus-training" in programs):
        fail(f"bin/ holds {programs}, and 'gradus --help' shows {'a' if trains else 'no'} train")
    alone = shutil.copy(prefix / "bin" / "gradus", prefix.parent / "alone")
    result = subprocess.run([alone, "train"], capture_output=True, text=True, check=False)
    if result.returncode != 2 or "gradus-training beside it" not in result.stderr:
        fail(f"gradus alone, asked to train: exit {result.returncode}: {result.stderr}")


def files_of(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def check_components(arguments, work, prefix, fail):
    """What runs and what builds with it, apart: together they are everything, and neither has the other's."""
    parts = {}
    for part in ("Runtime", "Development"):
        run(arguments.cmake, "--install", arguments.build, "--prefix", work / part, "--component", part)
        parts[part] = files_of(work / part)
    if parts["Runtime"] | parts["Development"] != files_of(prefix):
        fail(f"the components leave out {sorted(files_of(prefix) - parts['Runtime'] - parts['Development'])}")
    if any(name.endswith((".h", ".a", ".cmake", ".pc")) for name in parts["Runtime"]):
        fail(f"Runtime installs {sorted(parts['Runtime'])}")
    if any(name.startswith("bin/") for name in parts["Development"]):
        fail(f"Development installs {sorted(parts['Development'])}")


def check_requests(arguments, work, prefix, fail):
    """find_package takes what fits this version and refuses the rest."""
    version = run(prefix / "bin" / "gradus", "--version").strip()
    major, minor, _ = version.split(".")
    cases = {"": True, version: True, f"{major}.{minor}": True, f"{major}.{int(minor) + 1}": False,
             f"{int(major) + 1}.0": False, "COMPONENTS static": True, "COMPONENTS none": False}
    for index, (request, fits) in enumerate(cases.items()):
        folder = work / f"request-{index}"
        folder.mkdir()
        (folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.22)\nproject(request LANGUAGES C CXX)\n"
            f"find_package(gradus {request} QUIET)\nmessage(STATUS \"found=${{gradus_FOUND}}\")\n")
        out = run(arguments.cmake, "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
        found = re.search(r"found=(\w*)", out).group(1).upper() in ("1", "TRUE")
        if found != fits:
            fail(f"find_package(gradus {request}) of {version}: found is {found}")


def built_examples(arguments, work, prefix):
    """The example built in each way; name and command of each."""
    source = arguments.source / "examples" / "c"
    found = {}
    for name, option in (("shared", "OFF"), ("static", "ON")):
        folder = work / f"cmake-{name}"
        run(arguments.cmake, "-S", source, "-B", folder, f"-DCMAKE_PREFIX_PATH={prefix}", f"-DSTATIC_GRADUS={option}")
        run(arguments.cmake, "--build", folder)
        found[f"find_package, {name}"] = [folder / "classify"]
    packages = next(prefix.rglob("pkgconfig"))
    environment = {**os.environ, "PKG_CONFIG_PATH": str(packages)}
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    if shutil.which("pkg-config"):
        flags = run("pkg-config", "--cflags", "--libs", "gradus", env=environment).split()
        run("cc", *strict, source / "classify.c", "-o", work / "by_pkg_config", *flags, f"-Wl,-rpath,{packages.parent}")
        found["pkg-config, shared"] = [work / "by_pkg_config"]
        flags = run("pkg-config", "--static", "--cflags", "--libs", "gradus", env=environment).split()
        flags = ["-l:libgradus.a" if flag == "-lgradus" else flag for flag in flags]
        run("cc", *strict, source / "classify.c", "-o", work / "by_pkg_config_static", *flags)
        found["pkg-config, static"] = [work / "by_pkg_config_static"]
    else:
        print("pkg-config is not here: its two ways are left out")
    return found


def expected_lines(program, work, model, pixels):
    save_npy(work / "x.npy", preprocessed(pixels))
    run(program, "run", model, "--input", work / "x.npy", "--output", work / "y.npy")
    values = load_npy(work / "y.npy")
    order = sorted(range(len(values)), key=lambda i: (-values[i], i))[:5]
    return [(i, values[i]) for i in order]


def check_answers(program, work, model, examples, fail):
    rng = random.Random(int(os.environ.get("GRADUS_TEST_SEED", "1")))
    (work / "labels.txt").write_text("".join(f"label {i}\n" for i in range(10)))
    for _ in range(5):
        pixels = rng.randbytes(SIDE * SIDE * 3)
        (work / "p.ppm").write_bytes(b"P6\n# made here\n%d %d\n255\n" % (SIDE, SIDE) + pixels)
        expected = expected_lines(program, work, model, pixels)
        for name, command in examples.items():
            out = run(*command, model, work / "p.ppm", work / "labels.txt").splitlines()
            lines = [line.split(" ", 2) for line in out]
            found = [(int(index), f32(float(value))) for index, value, _ in lines]
            if found != expected:
                fail(f"{name}: {found}; gradus run gives {expected}")
            if any(label != f"label {index}" for index, _, label in lines):
                fail(f"{name}: labels in {lines}")
    (work / "short.ppm").write_bytes(b"P6 %d %d 255\n" % (SIDE, SIDE) + pixels[:-1])
    (work / "large.ppm").write_bytes(b"P6 %d %d 255\n" % (SIDE + 1, SIDE) + bytes((SIDE + 1) * SIDE * 3))
    (work / "damaged.gradus").write_bytes(model.read_bytes()[:-1])
    for name, command in examples.items():
        for words in ([model, work / "none.ppm"], [model, work / "short.ppm"], [model, work / "large.ppm"],
                      [work / "damaged.gradus", work / "p.ppm"], [work / "p.ppm", work / "p.ppm"], []):
            result = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
            if result.returncode != 2 or len(result.stderr.splitlines()) != 1:
                fail(f"{name} {words}: exit {result.returncode}: {result.stderr}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for name in ("build", "source", "write-model", "cmake"):
        parser.add_argument(f"--{name}", required=True,
                            type=lambda text: pathlib.Path(shutil.which(text) or text).resolve())
    arguments = parser.parse_args()
    failures = []
    with tempfile.TemporaryDirectory(prefix="gradus-installed-") as folder:
        work = pathlib.Path(folder)
        run(arguments.cmake, "--install", arguments.build, "--prefix", work / "first")
        prefix = work / "moved"
        (work / "first").rename(prefix)
        check_library(prefix, failures.append)
        check_paths(prefix, arguments.build, failures.append)
        check_programs(prefix, failures.append)
        check_components(arguments, work, prefix, failures.append)
        check_requests(arguments, work, prefix, failures.append)
        model = work / "model.gradus"
        run(arguments.write_model, model, SIDE, 3, "mean=" + "/".join(map(str, MEAN)), "std=" + "/".join(map(str, STD)))
        examples = built_examples(arguments, work, prefix)
        check_answers(prefix / "bin" / "gradus", work, model, examples, failures.append)
        print(f"{len(examples)} ways to build, 5 pictures each")
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
