#!/usr/bin/env python3
"""Training that is killed at random moments, also while it writes, resumes each time and ends with the
same bytes as training that was never stopped. A disk that is full gives one line and status 1 and leaves
the last checkpoint as it was.

  kill_test.py --program build/gradus [--kills N]
"""
import argparse
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
import time

from program import DATA, Failures, Workspace

RECIPE = """version: 1
defaults: {weights: {bits: 2}, activations: {bits: 2}}
calibration: {images: 128}
training: {epochs: 4, batch_size: 32, lr: 0.02, seed: 5, warmup_epochs: 0.5}
"""


def training(folder):
    # A checkpoint after every step: more writing to be killed in.
    return ("train", "net.onnx", "-r", "recipe.yaml", "--data", DATA, "-o", folder, "--resume", "--quiet",
            "--no-test", "--checkpoint-steps", "1", "--threads", "2")


def timeless(state):
    """A state's tensors and metadata without the seconds that each epoch took, the last of its line."""
    size = struct.unpack("<Q", state[:8])[0]
    header = json.loads(state[8:8 + size])
    metadata = header.pop("__metadata__")
    del metadata["gradus.crc32"]
    first, *epochs = metadata["train.position"].splitlines()
    metadata["train.position"] = [first, *(e.rsplit(" ", 1)[0] for e in epochs)]
    return header, metadata, state[8 + size:]


def contents(folder):
    """Name and bytes of every file, but for what a killed program may leave behind."""
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if not p.name.endswith(".tmp")}


def same(name, a, b):
    if a is None or b is None or name != "state.safetensors":
        return a == b
    return timeless(a) == timeless(b)


def start(work, folder, **options):
    return subprocess.Popen(work.command(*training(folder)), cwd=work.path, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True, **options)


def kill_after(process, seconds):
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate()


def kill_while_writing(process, folder, writes):
    """Kills as soon as a temporary file is seen for the `writes`-th time."""
    seen, there = 0, False
    while process.poll() is None:
        now = folder.exists() and any(n.endswith(".tmp") for n in os.listdir(folder))
        seen += now and not there
        there = now
        if now and seen >= writes:
            process.send_signal(signal.SIGKILL)
            break
    process.communicate()


def check_intact(work, failures, folder, moment):
    """What lies in the RUN after a kill is whole."""
    for name in contents(work.path / folder) if (work.path / folder).exists() else []:
        if name.endswith((".safetensors", ".onnx")):
            result = work.run("inspect", f"{folder}/{name}")
            failures.expect(result.status == 0, f"{moment}: {name} is broken: {result.errors}")


def compare(failures, whole, resumed, moment):
    failures.expect(sorted(whole) == sorted(resumed), f"{moment}: files {sorted(resumed)} for {sorted(whole)}")
    for name in whole:
        failures.expect(same(name, whole[name], resumed.get(name)), f"{moment}: {name} differs from the run never stopped")


def kills(work, failures, whole, seconds, count):
    done, round_ = 0, 0
    while done < count:
        folder = f"KILLED{round_}"
        round_ += 1
        while done < count:
            begin = time.monotonic()
            process = start(work, folder)
            if done % 2 == 0:
                kill_after(process, work.random.uniform(0.05, 0.9) * seconds)
            else:
                kill_while_writing(process, work.path / folder, work.random.randint(1, 12))
            if process.returncode != -signal.SIGKILL:
                failures.expect(process.returncode == 0, f"kill {done}: the run failed by itself")
                seconds = min(seconds, time.monotonic() - begin)  # a busy machine measured too long
                break  # it had ended already: begin another
            done += 1
            check_intact(work, failures, folder, f"kill {done}")
        result = work.run(*training(folder))
        if not failures.expect(result.status == 0, f"{folder} does not resume: {result.errors}"):
            return
        compare(failures, whole, contents(work.path / folder), folder)
        shutil.rmtree(work.path / folder)
    print(f"{done} kills in {round_} runs")


def full_disk(work, failures, whole):
    """A limit on the size of files fails a write as a full disk does."""
    process = start(work, "FULL")
    kill_while_writing(process, work.path / "FULL", 6)
    before = contents(work.path / "FULL")
    state = max((len(b), n) for n, b in before.items() if n.endswith(".safetensors"))
    limit = state[0] // 2

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    result = work.run(*training("FULL"), preexec_fn=limited, restore_signals=False)
    told = f"status {result.status}, {result.errors[:4]}"
    failures.expect(result.status == 1, f"full disk: expected status 1: {told}")
    failures.expect(len(result.errors) == 1 and state[1] in result.errors[0],
                    f"full disk: expected one line that names {state[1]}: {told}")
    failures.expect(contents(work.path / "FULL") == before, "full disk: the last checkpoint is as it was")
    failures.expect(not list((work.path / "FULL").glob("*.tmp")), "full disk: no temporary file is left")
    result = work.run(*training("FULL"))
    failures.expect(result.status == 0, f"full disk: resumes once there is room: {result.errors}")
    compare(failures, whole, contents(work.path / "FULL"), "full disk")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--kills", type=int, default=5)
    arguments = parser.parse_args()
    failures = Failures()
    with Workspace(arguments.program) as work:
        work.must("init", "small", "-o", "net.onnx")
        work.write("recipe.yaml", RECIPE)
        begin = time.monotonic()
        work.must(*training("WHOLE"))
        seconds = time.monotonic() - begin
        whole = contents(work.path / "WHOLE")
        for name in ("checkpoint.safetensors", "state.safetensors"):
            failures.expect(name in whole, f"a RUN holds {name}")
        kills(work, failures, whole, seconds, arguments.kills)
        full_disk(work, failures, whole)
    return failures.finish()


if __name__ == "__main__":
    sys.exit(main())
