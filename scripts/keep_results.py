#!/usr/bin/env python3
"""What of an acceptance's folder is kept in results/: the list below, without single samples and without the folders of that machine.

    python3 scripts/keep_results.py FOLDER results/DEVICE/DATE

The target's files of an earlier run go: a folder shows one run. docs/gpu.md says what each file is.
"""

import fnmatch
import json
import os
import re
import shutil
import sys

KEPT = (
    "summary.md", "notes.md", "acceptance.json", "doctor.*", "tests-*.log", "kernels-list.*", "kernels-check.log", "ptx-run.log", "ptxas.txt",
    "report.md", "report.log", "audit-*.log", "outputs-*-compare.*", "misfortune-*.log", "training-*.log", "bench-*.log", "bench-*.json",
    "torch-vgg16.*", "torch-bert-base.*", "torch-t5-small.*", "torch-*-training.*",
)

# Folders above what identifies a file: the acceptance's own, a Python's packages.
FOLDERS = ((re.compile(r"(/[\w.+-]+)+/(?=site-packages/)"), ""), (re.compile(r"/tmp/[\w.+-]+(/(bench-[\w-]+|report))?(?=[/\s\"']|$)"), "OUT"))


def without_samples(value):
    """Every sample of every series is most of a benchmark's JSON; its statistics stay."""
    if isinstance(value, dict):
        return {key: without_samples(item) for key, item in value.items() if key != "samples"}
    return [without_samples(item) for item in value] if isinstance(value, list) else value


def kept(text, name):
    if name.startswith("bench-") and name.endswith(".json"):
        text = json.dumps(without_samples(json.loads(text)), indent=1, ensure_ascii=False) + "\n"
    for folder, word in FOLDERS:
        text = folder.sub(word, text)
    return "\n".join(line.rstrip() for line in text.split("\n"))


def main():
    if len(sys.argv) != 3 or not os.path.isfile(os.path.join(sys.argv[1], "summary.md")):
        print("keep_results: needs the folder that an acceptance wrote and the one to keep it in", file=sys.stderr)
        return 2
    source, target = sys.argv[1:]
    shutil.rmtree(target, ignore_errors=True)
    os.makedirs(target)
    total = 0
    for folder in (source, os.path.join(source, "report")):
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and any(fnmatch.fnmatch(name, pattern) for pattern in KEPT):
                with open(path, encoding="utf-8") as file:
                    text = kept(file.read(), name)
                with open(os.path.join(target, name), "w", encoding="utf-8", newline="\n") as file:
                    file.write(text)
                total += len(text.encode())
    print(f"{target}: {len(os.listdir(target))} files, {total} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
