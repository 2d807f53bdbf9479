"""Puts events of a log into another time: its lines from standard input to standard output, recorded when the phases
say. A phase is "SEQ=INSTANT": from that seq on, the first event is recorded at that instant (UTC), and the others as
much later as they were. For tests that need a ledger of years in a second."""
import base64, ctypes, datetime, json, sys

xxhash = ctypes.CDLL("libxxhash.so.0").XXH3_64bits_withSeed
xxhash.restype, xxhash.argtypes = ctypes.c_uint64, [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
EPOCH = datetime.datetime(1970, 1, 1)


def micros(instant):
    return (datetime.datetime.strptime(instant, "%Y-%m-%dT%H:%M:%S.%fZ") - EPOCH) // datetime.timedelta(microseconds=1)


phases = sorted((int(seq), instant) for seq, instant in (phase.split("=") for phase in sys.argv[1:]))
for line in sys.stdin:
    event = json.loads(line)
    seq, old = int(event["sequence"]), micros(event["recordedtime"])
    if phases and seq == phases[0][0]:
        offset = micros(phases.pop(0)[1]) - old
    stored = base64.b64decode(event["stored"])
    was = b"\xcf" + old.to_bytes(8, "big")
    assert stored.count(was) == 1, stored
    stored = stored.replace(was, b"\xcf" + (old + offset).to_bytes(8, "big"))[:-4]
    check = xxhash(stored[:-1], len(stored) - 1, seq) & 0xFFFFFFFF
    event["stored"] = base64.b64encode(stored + check.to_bytes(4, "big")).decode()
    event["recordedtime"] = (EPOCH + datetime.timedelta(microseconds=old + offset)).isoformat(timespec="microseconds") + "Z"
    print(json.dumps(event, ensure_ascii=False, separators=(",", ":")))
