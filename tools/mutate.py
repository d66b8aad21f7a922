#!/usr/bin/env python3
"""Shows that every test can fail: breaks the code under it, once, and runs it.

A copy of the sources is made in which every `if` can be turned round and every loop left at its
start, each by a number in the environment (GRADUS_MUTANT). One build then holds every mutant. Each
test is run alone, once as it is, which tells what it reaches, then with what it reaches broken, one
thing at a time, until it fails. A test that passes whatever is broken is named at the end.

  tools/mutate.py source build/mutate             write the copy; then build it, see --help
  tools/mutate.py run build/mutate/build -j2      run; resumable, what is known is kept in a file
  tools/mutate.py report build/mutate/build       what is known

The build: cmake -S build/mutate/source -B build/mutate/build -G Ninja -DCMAKE_CXX_FLAGS=-w && ...
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MOST_BYTES = 12 << 30  # of address space
COPIED = ("gradus", "tests", "fuzz", "bench", "cmake", "tools", "recipes", "examples", "docs",
          "CMakeLists.txt", "CMakePresets.json", "README.md", "CONTRIBUTING.md", "demo", "test")
HEADER = """#pragma once
#include <fcntl.h>
#include <sys/mman.h>
#include <cstdlib>
#include <type_traits>
namespace gradus_mutants {{
inline unsigned char unseen[{count}];
inline unsigned char* hits = unseen;
inline int active = -1;
struct Start {{
  Start() {{
    if (const char* number = std::getenv("GRADUS_MUTANT")) active = std::atoi(number);
    if (const char* path = std::getenv("GRADUS_MUTANT_HITS")) {{
      void* shared = mmap(nullptr, {count}, PROT_READ | PROT_WRITE, MAP_SHARED, open(path, O_RDWR), 0);
      if (shared != MAP_FAILED) hits = static_cast<unsigned char*>(shared);
    }}
  }}
}};
inline Start start;
__attribute__((always_inline)) static inline constexpr bool on(int number) {{
  if (std::is_constant_evaluated()) return false;
  hits[number] = 1;
  return active == number;
}}
}}  // namespace gradus_mutants
"""
DECLARATION = re.compile(r"^\s*(?:const\s+)?[\w:]+(?:<[^=]*>)?(?:::\w+)*(?:\s*[*&]+\s*|\s+)(?:const\s+)?\w+\s*=[^=]")


def blanked(text):
    """The text with comments and literals blanked, same length: what brackets are matched in."""
    pattern = r'R"(\w*)\((?:.|\n)*?\)\1"|//[^\n]*|/\*(?:.|\n)*?\*/|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'|^[ \t]*#(?:\\\n|[^\n])*'
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.M)


def closing(plain, at):
    """Where the bracket opened at `at` is closed."""
    depth = 0
    for index in range(at, len(plain)):
        depth += (plain[index] in "([{") - (plain[index] in ")]}")
        if depth == 0:
            return index
    return None


def mutated(text, first, where):
    """The text with its mutants, numbered from `first`, and a line about each."""
    plain, edits, found = blanked(text), [], []

    def number(at, what):
        line = plain.count("\n", 0, at) + 1
        found.append(f"{where}:{line}: {what}")
        return first + len(found) - 1

    for match in re.finditer(r"\b(if|for|while) (\()", plain):
        opened = match.start(2)
        closed = closing(plain, opened)
        if closed is None:
            continue
        inside = plain[opened + 1:closed]
        if match.group(1) == "if":
            if ";" in inside or DECLARATION.match(inside):
                continue
            index = number(match.start(), "if (" + " ".join(text[opened + 1:closed].split()) + ")")
            edits.append((opened + 1, f"gradus_mutants::on({index}) != static_cast<bool>("))
            edits.append((closed, ")"))
        else:
            brace = re.compile(r"\s*\{").match(plain, closed + 1)
            if brace:
                index = number(match.start(), match.group(1) + " (" + " ".join(text[opened + 1:closed].split()) + ")")
                edits.append((brace.end(), f" if (gradus_mutants::on({index})) break;"))
    for at, insertion in sorted(edits, key=lambda edit: -edit[0]):
        text = text[:at] + insertion + text[at:]
    return text, found


def write_source(folder):
    source = folder / "source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    for name in COPIED:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy2)(ROOT / name, source / name)
    mutants = []
    for path in sorted((source / "gradus").rglob("*")):
        if path.suffix in (".cpp", ".h") and path.name != "gradus.h":
            text, found = mutated(path.read_text(), len(mutants), path.relative_to(source))
            if found:
                mutants += found
                path.write_text(text)
    (source / "mutants.h").write_text(HEADER.format(count=len(mutants)))
    (folder / "mutants.json").write_text(json.dumps(mutants, indent=0))
    cmake = source / "CMakeLists.txt"
    cmake.write_text(re.sub(r"^(project\([^)]*\))", r"\1\nadd_compile_options($<$<COMPILE_LANGUAGE:CXX>:-include"
                            r"${CMAKE_SOURCE_DIR}/mutants.h>)", cmake.read_text(), count=1, flags=re.M))
    print(f"{source}: {len(mutants)} mutants")


def bound_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))


class Test:
    def __init__(self, entry):
        self.name = entry["name"]
        self.command = entry.get("command")
        properties = {p["name"]: p["value"] for p in entry.get("properties", [])}
        self.folder = properties.get("WORKING_DIRECTORY")
        self.environment = dict(pair.split("=", 1) for pair in properties.get("ENVIRONMENT", []))
        self.skip = properties.get("SKIP_RETURN_CODE", 77)
        self.timeout = min(float(properties.get("TIMEOUT", 300)), 300)

    def run(self, **environment):
        """'passed', 'skipped' or 'failed'. What is broken may run for ever or take all memory."""
        start = time.monotonic()
        try:
            done = subprocess.run(self.command, cwd=self.folder, timeout=self.timeout, capture_output=True, check=False,
                                  env={**os.environ, **self.environment, **environment}, preexec_fn=bound_memory)
        except subprocess.TimeoutExpired:
            return "failed"
        self.timeout = min(self.timeout, 2 + 10 * (time.monotonic() - start))
        if done.returncode == self.skip or b"[  SKIPPED ] 1 test" in done.stdout:
            return "skipped"
        return "failed" if done.returncode else "passed"


def judge(test, mutants, tries):
    """What became of one test: its state and what made it fail, or how many mutants did not."""
    with tempfile.NamedTemporaryFile() as shared:
        shared.write(bytes(len(mutants)))
        shared.flush()
        state = test.run(GRADUS_MUTANT_HITS=shared.name)
        hits = pathlib.Path(shared.name).read_bytes()
    if state != "passed":
        return {"state": "never passed" if state == "failed" else state}
    reached = [index for index, hit in enumerate(hits) if hit]
    # Spread over what is reached, the same order every time: neighbours break the same thing.
    random.Random(test.name).shuffle(reached)
    for index in reached[:tries]:
        if test.run(GRADUS_MUTANT=str(index)) == "failed":
            return {"state": "seen failing", "by": mutants[index]}
    return {"state": "not seen failing", "reached": len(reached), "tried": min(tries, len(reached))}


def run_tests(build, arguments):
    mutants = json.loads((build.parent / "mutants.json").read_text())
    listed = json.loads(subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"],
                                       capture_output=True, check=True).stdout)
    tests = [test for test in map(Test, listed["tests"]) if test.command and re.search(arguments.only, test.name)]
    known_path, lock = build.parent / "known.json", threading.Lock()
    known = json.loads(known_path.read_text()) if known_path.exists() else {}
    waiting = [test for test in tests if known.get(test.name, {}).get("state") != "seen failing"]

    def one(test):
        result = judge(test, mutants, arguments.tries)
        with lock:
            known[test.name] = result
            known_path.write_text(json.dumps(known, indent=1))
            print(f"{test.name}: {result['state']}{': ' + result['by'] if 'by' in result else ''}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(one, waiting))
    report(build)


def report(build):
    known = json.loads((build.parent / "known.json").read_text())
    by_state = {}
    for name, result in known.items():
        by_state.setdefault(result["state"], []).append((name, result))
    for state, tests in sorted(by_state.items()):
        if state != "seen failing":
            for name, result in tests:
                print(f"{state}: {name} ({result.get('tried', 0)} of {result.get('reached', 0)} mutants tried)")
    print(", ".join(f"{len(tests)} {state}" for state, tests in sorted(by_state.items())))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("source", "run", "report"))
    parser.add_argument("folder", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("-j", "--jobs", type=int, default=1, help="tests at a time")
    parser.add_argument("--tries", type=int, default=60, help="mutants to try a test with before giving up")
    parser.add_argument("--only", default="", help="a regular expression: the tests to run")
    arguments = parser.parse_args()
    if arguments.what == "source":
        write_source(arguments.folder)
    elif arguments.what == "run":
        run_tests(arguments.folder, arguments)
    else:
        report(arguments.folder)


if __name__ == "__main__":
    sys.exit(main())
