/* Checkpoints as text, and the pieces that proof files are made of as well. */
#include "ledger/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "ledger/base64.h"

enum { HASH_LEN = BASE64_LEN(TREE_HASH_SIZE) };

bool evidence_line(struct daybook_text *rest, struct daybook_text *ret)
{
    const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
    if (!end)
        return false;
    *ret = (struct daybook_text){rest->ptr, (size_t)(end - rest->ptr)};
    rest->ptr = end + 1;
    rest->len -= ret->len + 1;
    return true;
}

bool evidence_number(struct daybook_text text, uint64_t *ret)
{
    uint64_t value = 0;
    if (text.len == 0 || (text.len > 1 && text.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)(text.ptr[i] - '0');
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *ret = value;
    return value <= INT64_MAX;
}

bool evidence_hash(struct daybook_text text, struct tree_hash *ret)
{
    uint8_t bytes[HASH_LEN / 4 * 3];
    size_t len = 0;
    if (text.len != HASH_LEN || !base64_decode(text, bytes, &len) || len != TREE_HASH_SIZE)
        return false;
    memcpy(ret->bytes, bytes, TREE_HASH_SIZE);
    return true;
}

void checkpoint_print(const struct checkpoint *checkpoint, char out[CHECKPOINT_SIZE])
{
    char root[HASH_LEN + 1];
    base64_encode(checkpoint->root.bytes, TREE_HASH_SIZE, root);
    snprintf(out, CHECKPOINT_SIZE, "%.*s\n%llu\n%s\n", (int)checkpoint->origin.len, checkpoint->origin.ptr,
             (unsigned long long)checkpoint->size, root);
}

static bool is_root_of_nothing(const struct tree_hash *root)
{
    struct tree none;
    struct tree_hash empty;
    tree_init(&none);
    tree_root(&none, &empty);
    return memcmp(root, &empty, sizeof empty) == 0;
}

int checkpoint_parse(struct daybook_text text, struct checkpoint *ret, struct daybook_error *err)
{
    struct checkpoint checkpoint;
    struct daybook_text size, root;
    bool good = evidence_line(&text, &checkpoint.origin) && checkpoint.origin.len && evidence_line(&text, &size) &&
                evidence_number(size, &checkpoint.size) && evidence_line(&text, &root) &&
                evidence_hash(root, &checkpoint.root) && text.len == 0;
    if (!good || (checkpoint.size == 0 && !is_root_of_nothing(&checkpoint.root)))
        return daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                            "This is no checkpoint: a line each for origin, size and root, an empty line, signatures.");
    *ret = checkpoint;
    return 0;
}

int checkpoint_of_note(struct daybook_text bytes, struct note *ret_note, struct checkpoint *ret,
                       struct daybook_error *err)
{
    int rc = note_parse(bytes, ret_note, err);
    return rc ? rc : checkpoint_parse(ret_note->text, ret, err);
}
