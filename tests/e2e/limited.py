"""Runs a program under limits and measures it: for tests that feed it files made to break it."""
import dataclasses
import os
import re
import resource
import subprocess
import tempfile
import time


@dataclasses.dataclass(frozen=True)
class Limits:
    """`address_space` and `cpu_s` are the kernel's, a process ends there; the others are only compared."""

    address_space: int | None  # bytes; None: as it is
    cpu_s: int
    wall_s: float
    resident: int  # bytes


@dataclasses.dataclass(frozen=True)
class Measured:
    status: int  # exit status, negative if ended by a signal
    errors: list  # lines of standard error
    out: bytes
    wall_s: float
    used_s: float  # of the processor: what does not depend on how busy the machine is
    resident: int  # largest, bytes


def run_limited(command, limits, cwd=None):
    def confine():
        resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if limits.address_space is not None:
            resource.setrlimit(resource.RLIMIT_AS, (limits.address_space, limits.address_space))

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=errors,
                                   preexec_fn=confine)
        _, raw, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(raw)
        out.seek(0)
        errors.seek(0)
        return Measured(process.returncode, errors.read().decode(errors="replace").splitlines(), out.read(), wall_s,
                        usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def opened_files(command, cwd):
    """Every file that the program opened, as it named it; None if strace cannot be used here."""
    with tempfile.NamedTemporaryFile() as log:
        traced = subprocess.run(["strace", "-f", "-qq", "-e", "trace=open,openat,openat2", "-o", log.name, *command],
                                cwd=cwd, capture_output=True, check=False)
        if b"ptrace" in traced.stderr:
            return None
        opened = set()
        for line in log.read().decode(errors="replace").splitlines():
            found = re.search(r'open(?:at2?)?\((?:[^",]+, )?"([^"]*)".*= \d', line)
            if found:
                opened.add(os.path.join(cwd, found.group(1)))
        return opened
