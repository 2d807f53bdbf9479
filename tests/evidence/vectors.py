#!/usr/bin/env python3
"""The second implementation is held against published vectors, and against itself: what one half of it makes, the other
half accepts, and nothing else."""
import unittest

from verifier import (COSIGNATURE, L, Checkpoint, Consistency, Inclusion, Key, Log, Wrong, check_consistency,
                      check_inclusion, commitment, ed25519_sign, expanded, leaf_hash, open_note, signed, to_base64)

LEAVES = [bytes.fromhex(leaf) for leaf in
          ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
VKEY = "daybook.example/test+dc12ec4c+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
INCLUSION = """\
c2sp.org/tlog-proof@v1
extra QEFCQw==
index 5
vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=
sIaT7C5yFZcTBkHoIR5+7cy0wmQTlj7ubB4u0W/7Gl8=
037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=

daybook.example/test
7
3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=

— daybook.example/test 3BLsTLZaaDa/5u2QHz3MMg6WRhep7+h16iyPfhJl5UWI1zo7R0JrYhDjyUmzMwtQd5qddu1pleIc7r3Kynfwc3gc3AM=
"""
CONSISTENCY = ["ApjRIpBtz8EIkstTpzmS/FufST6kybrbJ7eRtBJ6f+c=", "B1Bqhf2d0vEg62lPhgEeW7RmLlxBWmKRcDPUqWJEh+c=",
               "+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=", "g327FS6bB5AQcX6E6GXaTrwPoZioBtWdMb8VrM7yLQ4="]
KEY = Key.of_seed("daybook.example/test", bytes(range(32)))
WITNESS = Key.of_seed("witness.example/w1", bytes(range(1, 33)), COSIGNATURE)
LOG = Log(LEAVES)

# RFC 8032, section 7.1, tests 1 and 2: seed, public key, message, signature.
ED25519 = [
    ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
     "655141438e7a100b"),
    ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
     "b00d291612bb0c00"),
]


class Tree(unittest.TestCase):
    def test_roots(self):
        for size, root in ROOTS.items():
            self.assertEqual(LOG.root(size).hex(), root)

    def test_consistency_vector(self):
        self.assertEqual([to_base64(h) for h in LOG.consistency(3, 7)], CONSISTENCY)

    def test_every_path_leads_to_its_root_only(self):
        log = Log([bytes([n]) for n in range(20)])
        for size in range(1, 21):
            for index in range(size):
                path, leaf, root = log.inclusion(index, size), log.hashes[index], log.root(size)
                check_inclusion(index, size, leaf, path, root)
                for wrong in ((size, size, leaf, path, root), (index, size, leaf_hash(b"x"), path, root),
                              (index, size, leaf, path + [leaf], root), (index, size, leaf, path, log.root(size - 1))):
                    self.assertRaises(Wrong, check_inclusion, *wrong)
                if path:
                    self.assertRaises(Wrong, check_inclusion, index, size, leaf, path[:-1], root)
                    self.assertRaises(Wrong, check_inclusion, (index + 1) % size, size, leaf, path, root)

    def test_every_old_tree_is_extended_by_what_has_grown_from_it(self):
        log = Log([bytes([n]) for n in range(20)])
        for size in range(21):
            for old in range(size + 1):
                path, old_root, root = log.consistency(old, size), log.root(old), log.root(size)
                check_consistency(old, size, old_root, root, path)
                self.assertRaises(Wrong, check_consistency, old, size, leaf_hash(b"x"), root, path)
                self.assertRaises(Wrong, check_consistency, old, size, old_root, root, path + [root])
                self.assertRaises(Wrong, check_consistency, size + 1, size, old_root, root, path)
                if path:
                    self.assertRaises(Wrong, check_consistency, old, size, old_root, root, path[:-1])
                    self.assertRaises(Wrong, check_consistency, old, size, old_root, leaf_hash(b"x"), path)


class Signatures(unittest.TestCase):
    def test_ed25519(self):
        for seed, public, message, signature in (map(bytes.fromhex, row) for row in ED25519):
            self.assertEqual(expanded(seed)[2], public)
            self.assertEqual(ed25519_sign(seed, message), signature)
            self.assertTrue(signed(message, signature, public))
            self.assertFalse(signed(message + b"x", signature, public))
            # The same number, a group's order higher, would be a second signature.
            higher = (int.from_bytes(signature[32:], "little") + L).to_bytes(32, "little")
            self.assertFalse(signed(message, signature[:32] + higher, public))
            self.assertFalse(signed(message, signature[:-1], public))
            self.assertFalse(signed(message, signature + b"\0", public))

    def test_key(self):
        self.assertEqual(KEY.vkey, VKEY)
        self.assertEqual(Key.of_vkey(VKEY).id.hex(), "dc12ec4c")
        self.assertEqual(Key.of_skey(KEY.skey), KEY)
        for vkey in ("", "x", VKEY[:-1], VKEY + "=", VKEY + "\n", VKEY.replace("dc12", "dc13"),
                     VKEY.replace("test", "tes"), VKEY.replace("+AQ", "+Ag"), VKEY.replace("example/", "example ")):
            self.assertRaises(Wrong, Key.of_vkey, vkey)

    def test_a_note_is_spoilt_by_one_bad_signature_of_a_known_key(self):
        text = Checkpoint("daybook.example/test", 7, LOG.root(7)).text
        good, other = KEY.sign(text), Key.of_seed(KEY.name, bytes(32))
        bad = f"— {KEY.name} {to_base64(KEY.id + ed25519_sign(other.seed, text.encode()))}\n"
        cosigned = WITNESS.sign(text, 1700000000)
        self.assertEqual(open_note(f"{text}\n{good}", [KEY]), (text, [KEY]))
        self.assertEqual(open_note(f"{text}\n{cosigned}{good}", [KEY, WITNESS])[1], [WITNESS, KEY])
        many = "".join(Key.of_seed(f"w{n}", bytes([n] * 32)).sign(text) for n in range(16))
        self.assertEqual(open_note(f"{text}\n{many}{other.sign(text)}{good}", [KEY])[1], [KEY])
        forged = cosigned[:40] + ("A" if cosigned[40] != "A" else "B") + cosigned[41:]
        for note in (text, text + "\n", f"{text}\n{other.sign(text)}", f"{text}\n{good}{bad}", f"{text}\n{bad}{good}",
                     f"{text}\n{good[:-1]}", f"{text}\n{good}\n", f"{text}\n{good}x\n", f"{text}{good}",
                     f"{text}\n{good}{forged}", f"{text}\n{good}".replace("\n", "\r\n"), f"{text}x\n\n{good}"):
            self.assertRaises(Wrong, open_note, note, [KEY, WITNESS])

    def test_a_note_is_split_at_its_last_empty_line(self):
        text = "one\n\ntwo\n"
        self.assertEqual(open_note(f"{text}\n{KEY.sign(text)}", [KEY])[0], text)

    def test_a_checkpoint_has_one_form(self):
        root = to_base64(LOG.root(7))
        Checkpoint.of_text(f"a\n7\n{root}\n")
        for text in (f"a\n07\n{root}\n", f"a\n-7\n{root}\n", f"a\n7 \n{root}\n", f"\n7\n{root}\n", f"a\n7\n{root}\nx\n",
                     f"a\n7\n{root[:-1]}\n", f"a\n7\n{root[:-2]}x=\n", f"a\n{1 << 63}\n{root}\n", f"a\n7\n{root}",
                     f"a\n٧\n{root}\n", "a\n7\n" + to_base64(b"short") + "\n"):
            self.assertRaises(Wrong, Checkpoint.of_text, text)

    def test_a_checkpoint_is_signed_by_its_own_log(self):
        checkpoint = Checkpoint("daybook.example/other", 7, LOG.root(7))
        self.assertRaises(Wrong, Checkpoint.of_note, checkpoint.note(KEY), [KEY])


class Proofs(unittest.TestCase):
    def test_inclusion_vector(self):
        checkpoint = Checkpoint(KEY.name, 7, LOG.root(7))
        self.assertEqual(Inclusion(5, LEAVES[5], LOG.inclusion(5, 7), checkpoint.note(KEY)).file, INCLUSION)
        proof = Inclusion.of_file(INCLUSION)
        self.assertEqual(proof.check([Key.of_vkey(VKEY)]), checkpoint)
        self.assertEqual(proof.file, INCLUSION)

    def test_every_changed_character_is_seen(self):
        for at, was in enumerate(INCLUSION):
            altered = INCLUSION[:at] + ("A" if was != "A" else "B") + INCLUSION[at + 1:]
            with self.assertRaises(Wrong, msg=altered):
                Inclusion.of_file(altered).check([KEY])
            shorter = INCLUSION[:at] + INCLUSION[at + 1:]
            with self.assertRaises(Wrong, msg=shorter):
                Inclusion.of_file(shorter).check([KEY])

    def test_consistency_file(self):
        proof = Consistency(3, LOG.consistency(3, 7), Checkpoint(KEY.name, 7, LOG.root(7)).note(KEY))
        self.assertEqual(proof.file.split("\n")[:6], ["old 3", *CONSISTENCY, ""])
        self.assertEqual(Consistency.of_file(proof.file), proof)
        proof.check([KEY], LOG.root(3))
        self.assertRaises(Wrong, proof.check, [KEY], LOG.root(4))

    def test_commitment(self):
        self.assertEqual(commitment(bytes(range(16)), "王小明").hex(),
                         "460041ab1faba92968537d4659b3b6464cb8cb968b0bb544dfc289d50806d092")
        self.assertNotEqual(commitment(bytes(range(16)), "王小"), commitment(bytes(range(16)), "王小明"))


if __name__ == "__main__":
    unittest.main()
