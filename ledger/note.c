/* Signed notes: keys and signatures as text, and Ed25519 by OpenSSL. */
#include "ledger/note.h"

#include <endian.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base64.h"
#include "ledger/text.h"
#include "ledger/tree.h"

#define DASH "\xe2\x80\x94 " /* U+2014 and a blank */
#define PRIVATE_PREFIX "PRIVATE+KEY+"

enum {
    KEY_BLOB_SIZE = 1 + NOTE_PUBLIC_SIZE, /* algorithm, key */
    KEY_BLOB_LEN = BASE64_LEN(KEY_BLOB_SIZE),
    ID_DIGITS = 2 * NOTE_ID_SIZE,
    COSIGNATURE_TIME_SIZE = 8,
};

static struct daybook_text text_of(const char *text)
{
    return (struct daybook_text){text, strlen(text)};
}

/* ---- names, ids */

bool note_name_is_good(struct daybook_text name)
{
    if (name.len == 0 || name.len > NOTE_NAME_MAX || !text_is_valid(name) || memchr(name.ptr, '+', name.len))
        return false;
    static const char byte_order_mark[] = "\xef\xbb\xbf"; /* no white space, though text_trim() takes it for some */
    /* White space of Unicode takes two or three bytes: what is left of the name begins at each in turn. */
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        struct daybook_text rest = {name.ptr + i, name.len - i};
        bool begins_character = (c & 0xc0) != 0x80;
        bool is_mark = rest.len >= 3 && memcmp(rest.ptr, byte_order_mark, 3) == 0;
        if (c <= ' ' || (begins_character && !is_mark && text_trim(rest).ptr != rest.ptr))
            return false;
    }
    return true;
}

static void key_id(const struct note_key *key, uint8_t ret[NOTE_ID_SIZE])
{
    uint8_t blob[1 + KEY_BLOB_SIZE] = {'\n', (uint8_t)key->algorithm}, hash[TREE_HASH_SIZE];
    memcpy(blob + 2, key->bytes, NOTE_PUBLIC_SIZE);
    sha256_pair(key->name, strlen(key->name), blob, sizeof blob, hash);
    memcpy(ret, hash, NOTE_ID_SIZE);
}

void note_key_make(struct daybook_text name, enum note_algorithm algorithm, const uint8_t bytes[NOTE_PUBLIC_SIZE],
                   struct note_key *ret)
{
    *ret = (struct note_key){.algorithm = algorithm};
    memcpy(ret->name, name.ptr, name.len);
    memcpy(ret->bytes, bytes, NOTE_PUBLIC_SIZE);
    key_id(ret, ret->id);
}

bool note_key_equals(const struct note_key *a, const struct note_key *b)
{
    return a->algorithm == b->algorithm && strcmp(a->name, b->name) == 0 &&
           memcmp(a->bytes, b->bytes, NOTE_PUBLIC_SIZE) == 0;
}

/* ---- keys as text */

static void hex_id(const uint8_t id[NOTE_ID_SIZE], char out[ID_DIGITS + 1])
{
    snprintf(out, ID_DIGITS + 1, "%02x%02x%02x%02x", id[0], id[1], id[2], id[3]);
}

/* name+id+base64(algorithm || bytes), split at the first two '+': base64 has them too. */
static bool split_key(struct daybook_text text, struct daybook_text *ret_name, struct daybook_text *ret_id,
                      uint8_t blob[KEY_BLOB_SIZE])
{
    uint8_t decoded[KEY_BLOB_LEN / 4 * 3];
    size_t len = 0;
    const char *first = text.len ? memchr(text.ptr, '+', text.len) : NULL;
    if (!first)
        return false;
    *ret_name = (struct daybook_text){text.ptr, (size_t)(first - text.ptr)};
    struct daybook_text rest = {first + 1, text.len - ret_name->len - 1};
    if (rest.len != ID_DIGITS + 1 + KEY_BLOB_LEN || rest.ptr[ID_DIGITS] != '+' || !note_name_is_good(*ret_name))
        return false;
    *ret_id = (struct daybook_text){rest.ptr, ID_DIGITS};
    if (!base64_decode((struct daybook_text){rest.ptr + ID_DIGITS + 1, KEY_BLOB_LEN}, decoded, &len) ||
        len != KEY_BLOB_SIZE)
        return false;
    memcpy(blob, decoded, KEY_BLOB_SIZE);
    OPENSSL_cleanse(decoded, sizeof decoded);
    return true;
}

static bool id_is(const struct note_key *key, struct daybook_text id)
{
    char digits[ID_DIGITS + 1];
    hex_id(key->id, digits);
    return text_equals(id, text_of(digits));
}

int note_key_parse(struct daybook_text text, struct note_key *ret, struct daybook_error *err)
{
    struct daybook_text name, id;
    struct note_key key;
    uint8_t blob[KEY_BLOB_SIZE];
    if (!split_key(text, &name, &id, blob))
        return daybook_fail(err, DAYBOOK_BAD_VALUE,
                            "This is no verifier key: it looks like name+12345678+base64 of 33 bytes.");
    if (blob[0] != NOTE_ED25519 && blob[0] != NOTE_COSIGNATURE)
        return daybook_fail(err, DAYBOOK_BAD_VALUE,
                            "This verifier key is of kind %u; only Ed25519 (1) and a witness's (4) are known.",
                            blob[0]);
    note_key_make(name, (enum note_algorithm)blob[0], blob + 1, &key);
    if (!id_is(&key, id))
        return daybook_fail(err, DAYBOOK_BAD_VALUE,
                            "This verifier key is not whole: its id is not that of its name and bytes.");
    *ret = key;
    return 0;
}

static void print_key(const char *prefix, const struct note_key *key, const uint8_t bytes[NOTE_PUBLIC_SIZE],
                      char out[NOTE_VKEY_SIZE])
{
    uint8_t blob[KEY_BLOB_SIZE] = {(uint8_t)key->algorithm};
    char encoded[KEY_BLOB_LEN + 1], id[ID_DIGITS + 1];
    memcpy(blob + 1, bytes, NOTE_PUBLIC_SIZE);
    base64_encode(blob, sizeof blob, encoded);
    hex_id(key->id, id);
    snprintf(out, NOTE_VKEY_SIZE, "%s%s+%s+%s", prefix, key->name, id, encoded);
    OPENSSL_cleanse(blob, sizeof blob);
    OPENSSL_cleanse(encoded, sizeof encoded);
}

void note_key_print(const struct note_key *key, char out[NOTE_VKEY_SIZE])
{
    print_key("", key, key->bytes, out);
}

/* ---- signers */

static int ed25519_fail(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "OpenSSL could not work with an Ed25519 key.");
}

/* OpenSSL 3.0 crashes when memory runs out while it makes the context that all share; one of our own it makes whole or
 * not at all. Nobody's configuration has a say in it either. Kept as long as the process lives. */
static OSSL_LIB_CTX *own_context(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static OSSL_LIB_CTX *context;
    pthread_mutex_lock(&lock);
    if (!context)
        context = OSSL_LIB_CTX_new();
    OSSL_LIB_CTX *made = context;
    pthread_mutex_unlock(&lock);
    return made;
}

static EVP_PKEY *private_key(const uint8_t seed[NOTE_SEED_SIZE])
{
    OSSL_LIB_CTX *context = own_context();
    return context ? EVP_PKEY_new_raw_private_key_ex(context, "ED25519", NULL, seed, NOTE_SEED_SIZE) : NULL;
}

static EVP_PKEY *public_key(const uint8_t bytes[NOTE_PUBLIC_SIZE])
{
    OSSL_LIB_CTX *context = own_context();
    return context ? EVP_PKEY_new_raw_public_key_ex(context, "ED25519", NULL, bytes, NOTE_PUBLIC_SIZE) : NULL;
}

int note_signer_make(struct daybook_text name, const uint8_t seed[NOTE_SEED_SIZE], struct note_signer *ret,
                     struct daybook_error *err)
{
    uint8_t bytes[NOTE_PUBLIC_SIZE];
    size_t len = sizeof bytes;
    if (!note_name_is_good(name))
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "A key's name has 1 to %d bytes, no blank and no '+'.",
                            NOTE_NAME_MAX);
    EVP_PKEY *key = private_key(seed);
    bool good = key && EVP_PKEY_get_raw_public_key(key, bytes, &len) == 1 && len == sizeof bytes;
    EVP_PKEY_free(key);
    if (!good)
        return ed25519_fail(err);
    note_key_make(name, NOTE_ED25519, bytes, &ret->key);
    memcpy(ret->seed, seed, NOTE_SEED_SIZE);
    return 0;
}

int note_signer_parse(struct daybook_text text, struct note_signer *ret, struct daybook_error *err)
{
    static const size_t prefix_len = sizeof PRIVATE_PREFIX - 1;
    struct daybook_text name, id;
    struct note_signer signer = {0};
    uint8_t blob[KEY_BLOB_SIZE] = {0};
    bool good = text.len > prefix_len && memcmp(text.ptr, PRIVATE_PREFIX, prefix_len) == 0 &&
                split_key((struct daybook_text){text.ptr + prefix_len, text.len - prefix_len}, &name, &id, blob) &&
                blob[0] == NOTE_ED25519;
    int rc = good ? note_signer_make(name, blob + 1, &signer, err) : 0;
    if (!rc && (!good || !id_is(&signer.key, id)))
        rc = daybook_fail(err, DAYBOOK_BAD_VALUE, "This is no signing key: PRIVATE+KEY+name+12345678+base64.");
    if (!rc)
        *ret = signer;
    note_signer_wipe(&signer);
    OPENSSL_cleanse(blob, sizeof blob);
    return rc;
}

void note_signer_print(const struct note_signer *signer, char out[NOTE_VKEY_SIZE])
{
    print_key(PRIVATE_PREFIX, &signer->key, signer->seed, out);
}

void note_signer_wipe(struct note_signer *signer)
{
    OPENSSL_cleanse(signer, sizeof *signer);
}

/* ---- Ed25519 */

static bool ed25519_sign(const uint8_t seed[NOTE_SEED_SIZE], struct daybook_text text, uint8_t ret[NOTE_SIGNATURE_SIZE])
{
    EVP_PKEY *key = private_key(seed);
    EVP_MD_CTX *context = key ? EVP_MD_CTX_new() : NULL;
    size_t len = NOTE_SIGNATURE_SIZE;
    bool good = key && context && EVP_DigestSignInit_ex(context, NULL, NULL, own_context(), NULL, key, NULL) == 1 &&
                EVP_DigestSign(context, ret, &len, (const uint8_t *)text.ptr, text.len) == 1 &&
                len == NOTE_SIGNATURE_SIZE;
    ERR_clear_error();
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return good;
}

static bool ed25519_says_good(const uint8_t bytes[NOTE_PUBLIC_SIZE], const uint8_t *text, size_t len,
                              const uint8_t signature[NOTE_SIGNATURE_SIZE])
{
    EVP_PKEY *key = public_key(bytes);
    EVP_MD_CTX *context = key ? EVP_MD_CTX_new() : NULL;
    bool good = context && EVP_DigestVerifyInit_ex(context, NULL, NULL, own_context(), NULL, key, NULL) == 1 &&
                EVP_DigestVerify(context, signature, NOTE_SIGNATURE_SIZE, text, len) == 1;
    ERR_clear_error();
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return good;
}

/* RFC 8032, section 7.1, test 1: the signature of nothing. */
static bool ed25519_works(void)
{
    static const uint8_t key[NOTE_PUBLIC_SIZE] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
                                                  0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
                                                  0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
    static const uint8_t signature[NOTE_SIGNATURE_SIZE] = {
        0xe5, 0x56, 0x43, 0x00, 0xc3, 0x60, 0xac, 0x72, 0x90, 0x86, 0xe2, 0xcc, 0x80, 0x6e, 0x82, 0x8a,
        0x84, 0x87, 0x7f, 0x1e, 0xb8, 0xe5, 0xd9, 0x74, 0xd8, 0x73, 0xe0, 0x65, 0x22, 0x49, 0x01, 0x55,
        0x5f, 0xb8, 0x82, 0x15, 0x90, 0xa3, 0x3b, 0xac, 0xc6, 0x1e, 0x39, 0x70, 0x1c, 0xf9, 0xb4, 0x6b,
        0xd2, 0x5b, 0xf5, 0xf0, 0x59, 0x5b, 0xbe, 0x24, 0x65, 0x51, 0x41, 0x43, 0x8e, 0x7a, 0x10, 0x0b};
    return ed25519_says_good(key, (const uint8_t *)"", 0, signature);
}

/* Is it the signature of `head` and `text`, one after the other? Ed25519 wants them in one piece. OpenSSL says of
 * a false signature what it says when it has no memory: so that nobody is accused for that, a known signature is
 * tried. */
static int ed25519_check(const uint8_t bytes[NOTE_PUBLIC_SIZE], struct daybook_text head, struct daybook_text text,
                         const uint8_t signature[NOTE_SIGNATURE_SIZE], bool *ret_holds, struct daybook_error *err)
{
    size_t len = head.len + text.len;
    uint8_t *whole = malloc(len + 1);
    if (!whole)
        return ed25519_fail(err);
    memcpy(whole, head.ptr, head.len);
    memcpy(whole + head.len, text.ptr, text.len);
    bool good = ed25519_says_good(bytes, whole, len, signature);
    int rc = good || ed25519_works() ? 0 : ed25519_fail(err);
    if (!rc)
        *ret_holds = good || ed25519_says_good(bytes, whole, len, signature);
    free(whole);
    return rc;
}

int note_sign(const struct note_signer *signer, struct daybook_text text, char out[NOTE_LINE_SIZE],
              struct daybook_error *err)
{
    uint8_t blob[NOTE_ID_SIZE + NOTE_SIGNATURE_SIZE];
    char encoded[BASE64_LEN(sizeof blob) + 1];
    memcpy(blob, signer->key.id, NOTE_ID_SIZE);
    if (!ed25519_sign(signer->seed, text, blob + NOTE_ID_SIZE))
        return ed25519_fail(err);
    base64_encode(blob, sizeof blob, encoded);
    snprintf(out, NOTE_LINE_SIZE, DASH "%s %s\n", signer->key.name, encoded);
    return 0;
}

/* ---- notes */

static bool has_control_characters(struct daybook_text text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' && text.ptr[i] != '\n')
            return true;
    return false;
}

static bool parse_signature(struct daybook_text line, struct note_signature *ret)
{
    static const size_t dash_len = sizeof DASH - 1;
    uint8_t blob[NOTE_ID_SIZE + NOTE_BLOB_MAX];
    size_t len = 0;
    if (line.len <= dash_len || memcmp(line.ptr, DASH, dash_len) != 0)
        return false;
    line = (struct daybook_text){line.ptr + dash_len, line.len - dash_len};
    const char *blank = memchr(line.ptr, ' ', line.len);
    if (!blank)
        return false;
    ret->name = (struct daybook_text){line.ptr, (size_t)(blank - line.ptr)};
    struct daybook_text encoded = {blank + 1, line.len - ret->name.len - 1};
    if (!note_name_is_good(ret->name) || encoded.len / 4 * 3 > sizeof blob || !base64_decode(encoded, blob, &len) ||
        len <= NOTE_ID_SIZE)
        return false;
    ret->len = len - NOTE_ID_SIZE;
    memcpy(ret->id, blob, NOTE_ID_SIZE);
    memcpy(ret->bytes, blob + NOTE_ID_SIZE, ret->len);
    return true;
}

/* False at the end, and for a line that is malformed or has no LF: then something is left in `rest`. */
bool note_next_signature(struct daybook_text *rest, struct note_signature *ret)
{
    const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
    if (!end || !parse_signature((struct daybook_text){rest->ptr, (size_t)(end - rest->ptr)}, ret))
        return false;
    rest->len -= (size_t)(end + 1 - rest->ptr);
    rest->ptr = end + 1;
    return true;
}

int note_parse_signatures(struct daybook_text lines, struct daybook_error *err)
{
    struct note_signature signature;
    struct daybook_text rest = lines;
    if (!text_is_valid(lines) || has_control_characters(lines))
        return daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                            "The signatures are not plain UTF-8 text: a CR or another control character is in them.");
    while (note_next_signature(&rest, &signature))
        continue;
    return rest.len ? daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                                   "A signature line is malformed: it is \"\xe2\x80\x94 name base64\" and ends in LF.")
                    : 0;
}

int note_parse(struct daybook_text bytes, struct note *ret, struct daybook_error *err)
{
    if (!text_is_valid(bytes) || has_control_characters(bytes))
        return daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                            "The note is not plain UTF-8 text: a CR or another control character is in it.");
    const char *empty_line = bytes.len ? memrchr(bytes.ptr, '\n', bytes.len) : NULL;
    while (empty_line && empty_line > bytes.ptr && empty_line[-1] != '\n')
        empty_line = memrchr(bytes.ptr, '\n', (size_t)(empty_line - bytes.ptr));
    if (!empty_line || empty_line == bytes.ptr)
        return daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                            "This is no signed note: text, an empty line, lines of signatures.");
    size_t text_len = (size_t)(empty_line - bytes.ptr);
    struct note note = {{bytes.ptr, text_len}, {empty_line + 1, bytes.len - text_len - 1}};
    int rc = note_parse_signatures(note.signatures, err);
    if (!rc)
        *ret = note;
    return rc;
}

bool note_is_by(const struct note_signature *signature, const struct note_key *key)
{
    return memcmp(signature->id, key->id, NOTE_ID_SIZE) == 0 && text_equals(signature->name, text_of(key->name));
}

uint64_t note_cosigned_at(const struct note_signature *signature, const struct note_key *key)
{
    uint64_t seconds = 0;
    if (key->algorithm != NOTE_COSIGNATURE || signature->len < COSIGNATURE_TIME_SIZE)
        return 0;
    memcpy(&seconds, signature->bytes, sizeof seconds);
    return be64toh(seconds);
}

static int check_signature(const struct note_signature *signature, const struct note_key *key, struct daybook_text text,
                           bool *ret_holds, struct daybook_error *err)
{
    size_t time_size = key->algorithm == NOTE_COSIGNATURE ? COSIGNATURE_TIME_SIZE : 0;
    char head[60] = "";
    *ret_holds = false;
    if (!note_is_by(signature, key) || signature->len != time_size + NOTE_SIGNATURE_SIZE)
        return 0;
    if (time_size)
        snprintf(head, sizeof head, "cosignature/v1\ntime %llu\n",
                 (unsigned long long)note_cosigned_at(signature, key));
    return ed25519_check(key->bytes, text_of(head), text, signature->bytes + time_size, ret_holds, err);
}

bool note_signature_holds(const struct note_signature *signature, const struct note_key *key, struct daybook_text text)
{
    bool holds = false;
    return check_signature(signature, key, text, &holds, NULL) == 0 && holds;
}

int note_verify(const struct note *note, const struct note_key *keys, size_t key_count, size_t *ret_signed,
                struct daybook_error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < key_count; i++) {
        struct note_signature signature;
        struct daybook_text rest = note->signatures;
        bool has_signed = false;
        while (note_next_signature(&rest, &signature)) {
            bool holds = false;
            if (!note_is_by(&signature, &keys[i]))
                continue;
            int rc = check_signature(&signature, &keys[i], note->text, &holds, err);
            if (rc)
                return rc;
            if (!holds)
                return daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                                    "The signature of %s is false: the text was altered, or another key signed it.",
                                    keys[i].name);
            has_signed = true;
        }
        count += has_signed;
    }
    *ret_signed = count;
    return 0;
}
