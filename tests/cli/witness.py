#!/usr/bin/env python3
"""A witness as another program would be it: cosigns a checkpoint with OpenSSL's Ed25519.

    witness.py CHECKPOINT ANSWER [TIME]     writes its signature line to ANSWER, its verifier key to ANSWER.key"""
import base64
import hashlib
import subprocess
import sys
import tempfile

NAME = b"witness.example/w1"
SEED = bytes(range(0x80, 0xA0))


def openssl(*args, **kw):
    return subprocess.run(["openssl", *args], check=True, capture_output=True, **kw).stdout


def main():
    note = open(sys.argv[1], "rb").read()
    text = note[:note.rindex(b"\n\n") + 1]
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 1700000000
    with tempfile.TemporaryDirectory() as folder:
        key, message = folder + "/key", folder + "/message"
        open(key, "wb").write(bytes.fromhex("302e020100300506032b657004220420") + SEED)
        open(message, "wb").write(b"cosignature/v1\ntime %d\n" % seconds + text)
        public = openssl("pkey", "-in", key, "-inform", "DER", "-pubout", "-outform", "DER")[-32:]
        signature = openssl("pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", key, "-in", message)
    identity = hashlib.sha256(NAME + b"\n\x04" + public).digest()[:4]
    line = base64.b64encode(identity + seconds.to_bytes(8, "big") + signature)
    open(sys.argv[2], "wb").write("\u2014 ".encode() + NAME + b" " + line + b"\n")
    open(sys.argv[2] + ".key", "wb").write(
        NAME + b"+" + identity.hex().encode() + b"+" + base64.b64encode(b"\x04" + public) + b"\n")


main()
