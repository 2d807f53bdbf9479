#!/usr/bin/env python3
"""Changes a copy of a ledger at random, as disks do, and has tools/backup/verify.py look at it each time.

    damage.py FOLDER CHECKPOINT TIMES     $SEED repeats a run

Whatever has become of it, the script answers in sentences and in a second; and when it says that nothing is wrong, the
root that it prints is the checkpoint's."""
import contextlib
import io
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "backup"))
import verify  # noqa: E402

SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
PAGE = 4096
chance = random.Random(SEED)


def damaged(data):
    data, pages = bytearray(data), len(data) // PAGE
    kind = chance.randrange(6)
    if kind == 0:
        return data[:chance.randrange(len(data))]
    if kind == 1:
        to, of = (chance.randrange(pages) * PAGE for _ in range(2))
        data[to:to + PAGE] = data[of:of + PAGE]
        return data
    for _ in range(chance.choice([1, 1, 4, 30])):
        at = chance.randrange(len(data))
        if kind < 5:  # where pages say what they hold
            at = at // PAGE * PAGE + chance.randrange(160)
        data[at] = chance.choice([0, 1, 255, chance.randrange(256)])
    return data


def ask(folder, checkpoint):
    """Exit status and words of the script."""
    sys.argv = ["verify.py", str(folder), "--checkpoint", checkpoint]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        status = verify.main()
    return status, said.getvalue()


def main():
    source, checkpoint, times = sys.argv[1:]
    root = pathlib.Path(checkpoint).read_text().split("\n")[2]
    seen = [0, 0]
    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch) / "copy"
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns("views", "lock.mdb", "queue", "checkpoint.key"))
        whole = {path: path.read_bytes() for path in sorted(copy.glob("*/data.mdb"))}
        status, said = ask(copy, checkpoint)
        if status:
            sys.exit(f"What is not damaged is not good: {said}")
        for _ in range(int(times)):
            path = chance.choice(list(whole))
            path.write_bytes(damaged(whole[path]))
            began = time.process_time()
            try:
                status, said = ask(copy, checkpoint)
            except Exception as error:
                shutil.copy(path, "damaged.mdb")
                raise SystemExit(f"SEED={SEED}: {error!r}; see damaged.mdb, a {path.parent.name}/data.mdb")
            right = f"root {root}\n" in said if status == 0 else said.split("\n")[-2].startswith("NOT VERIFIED: ")
            if not right or time.process_time() - began > 5:
                sys.exit(f"SEED={SEED}: exit {status} and:\n{said}")
            seen[status] += 1
            path.write_bytes(whole[path])
    print(f"{seen[1]} damages seen, {seen[0]} were where nothing of it is")
    if not all(seen):
        sys.exit(1)


if __name__ == "__main__":
    main()
