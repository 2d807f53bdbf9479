/* Signed notes (C2SP signed-note): a text, an empty line, and lines with signatures over the text.
 *
 *     text with its last LF
 *                                          an empty line, the last one of the note
 *     — name base64(key id || signature)   one for each who signed, the dash U+2014
 *
 * Keys are Ed25519. Who wants to check a note has a verifier key:
 *
 *     name+<key id, 8 hex digits>+base64(0x01 || public key)
 *
 * Witnesses sign with keys of another kind (0x04): 8 bytes of seconds since 1970, then a signature over them and the
 * text.
 * Every byte here may come from outside. Nothing is allocated: what is read points into the text that was given. */
#ifndef LEDGER_NOTE_H
#define LEDGER_NOTE_H

#include "daybook/error.h"
#include "daybook/value.h"

enum {
    NOTE_PUBLIC_SIZE = 32,
    NOTE_SEED_SIZE = 32,
    NOTE_ID_SIZE = 4,
    NOTE_SIGNATURE_SIZE = 64,
    NOTE_NAME_MAX = 200,     /* bytes of a key's name */
    NOTE_BLOB_MAX = 1 << 13, /* bytes of a signature of an unknown kind, with its key id */
    NOTE_VKEY_SIZE = 300,    /* room for a key as text, with NUL */
    NOTE_LINE_SIZE = 340,    /* room for a signature line of ours, with LF and NUL */
};

enum note_algorithm {
    NOTE_ED25519 = 0x01,
    NOTE_COSIGNATURE = 0x04, /* a witness, cosignature/v1 */
};

/* What a signature is checked with. */
struct note_key {
    char name[NOTE_NAME_MAX + 1];
    enum note_algorithm algorithm;
    uint8_t id[NOTE_ID_SIZE];
    uint8_t bytes[NOTE_PUBLIC_SIZE];
};

/* What is signed with; keep it secret, and wipe it (note_signer_wipe). */
struct note_signer {
    struct note_key key;
    uint8_t seed[NOTE_SEED_SIZE];
};

/* A note whose form is right; whether a signature is good is another question. */
struct note {
    struct daybook_text text;       /* with its last LF */
    struct daybook_text signatures; /* the lines below the empty one; empty: nobody signed */
};

/* One line of them. */
struct note_signature {
    struct daybook_text name;
    uint8_t id[NOTE_ID_SIZE];
    uint8_t bytes[NOTE_BLOB_MAX];
    size_t len;
};

/* ---- keys */

/* Can it be the name of a key? Not empty, no white space, no control characters, no '+'. */
bool note_name_is_good(struct daybook_text name);
/* A key of these bytes; the name must be good. */
void note_key_make(struct daybook_text name, enum note_algorithm algorithm, const uint8_t bytes[NOTE_PUBLIC_SIZE],
                   struct note_key *ret);
/* A verifier key as text. DAYBOOK_BAD_VALUE. */
int note_key_parse(struct daybook_text text, struct note_key *ret, struct daybook_error *err);
void note_key_print(const struct note_key *key, char out[NOTE_VKEY_SIZE]);
bool note_key_equals(const struct note_key *a, const struct note_key *b);

/* A signer of these 32 secret bytes. DAYBOOK_BAD_VALUE for a bad name. */
int note_signer_make(struct daybook_text name, const uint8_t seed[NOTE_SEED_SIZE], struct note_signer *ret,
                     struct daybook_error *err);
/* PRIVATE+KEY+name+<key id>+base64(0x01 || seed). DAYBOOK_BAD_VALUE. */
int note_signer_parse(struct daybook_text text, struct note_signer *ret, struct daybook_error *err);
void note_signer_print(const struct note_signer *signer, char out[NOTE_VKEY_SIZE]);
void note_signer_wipe(struct note_signer *signer);

/* ---- notes */

/* The signature line for a text (which ends in LF), with its LF. */
int note_sign(const struct note_signer *signer, struct daybook_text text, char out[NOTE_LINE_SIZE],
              struct daybook_error *err);
/* DAYBOOK_VERIFICATION_FAILED when it is no note: not UTF-8, a control character, no empty line, a malformed line. */
int note_parse(struct daybook_text bytes, struct note *ret, struct daybook_error *err);
/* The signature lines alone, as a witness answers: all of `lines`. As note_parse. */
int note_parse_signatures(struct daybook_text lines, struct daybook_error *err);
/* The next signature of `rest`, which begins as note.signatures; false at the end. */
bool note_next_signature(struct daybook_text *rest, struct note_signature *ret);
bool note_is_by(const struct note_signature *signature, const struct note_key *key);
/* Is it that key's signature of `text`? */
bool note_signature_holds(const struct note_signature *signature, const struct note_key *key, struct daybook_text text);
/* When a witness saw the text; 0 for a signature that is no cosignature. */
uint64_t note_cosigned_at(const struct note_signature *signature, const struct note_key *key);
/* How many of these keys signed the note; lines of others are passed over. DAYBOOK_VERIFICATION_FAILED when a line that
 * claims to be one of them is not its signature: such a note is worth nothing. */
int note_verify(const struct note *note, const struct note_key *keys, size_t key_count, size_t *ret_signed,
                struct daybook_error *err);

#endif
