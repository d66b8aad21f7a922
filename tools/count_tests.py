#!/usr/bin/env python3
"""Counts the results of ctest's JUnit reports: 'N passed, N failed, N skipped', alone on a line.

Exits with 1 if a test failed, could not be run, or none was run at all.
"""
import argparse
import sys
import xml.etree.ElementTree as ElementTree


def outcome(case):
    """'passed', 'failed' or 'skipped' for a <testcase> of ctest."""
    status = case.get("status")
    if status == "run":
        return "passed"
    if status == "disabled":
        return "skipped"
    skipped = case.find("skipped")
    # ctest calls a test "notrun" too when its program is missing: only a test that said so skipped.
    if status == "notrun" and skipped is not None and skipped.get("message", "").startswith("SKIP_"):
        return "skipped"
    return "failed"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", nargs="+")
    parser.add_argument("--slowest", type=int, default=0, help="also list that many slow tests")
    arguments = parser.parse_args()
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    failed, timed = [], []
    for report in arguments.reports:
        try:
            cases = ElementTree.parse(report).getroot().iter("testcase")
        except (OSError, ElementTree.ParseError) as error:
            print(f"{report}: no test report: {error}")
            counts["failed"] += 1
            continue
        for case in cases:
            result = outcome(case)
            counts[result] += 1
            timed.append((float(case.get("time") or 0), case.get("name")))
            if result == "failed":
                failed.append(f"{case.get('name')}  ({report})")
    for seconds, name in sorted(timed, reverse=True)[: arguments.slowest]:
        print(f"  {seconds:6.1f} s  {name}")
    for name in failed:
        print(f"failed: {name}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 0 if counts["failed"] == 0 and counts["passed"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
