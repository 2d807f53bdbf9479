/* Proof files as text: C2SP tlog-proof, and the body of a tlog-witness add-checkpoint request. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base64.h"
#include "ledger/proof.h"

#define INCLUSION_MAGIC "c2sp.org/tlog-proof@v1"

/* ---- writing */

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for a proof.");
}

static void put_proof(FILE *out, const struct proof *proof, struct daybook_text checkpoint)
{
    char encoded[BASE64_LEN(TREE_HASH_SIZE) + 1];
    for (unsigned i = 0; i < proof->count; i++) {
        base64_encode(proof->hashes[i].bytes, TREE_HASH_SIZE, encoded);
        fprintf(out, "%s\n", encoded);
    }
    fputc('\n', out);
    fwrite(checkpoint.ptr, 1, checkpoint.len, out);
}

/* Ends a memory stream: whole, or not at all. What it wrote is known only once it is closed. */
static int finish(FILE *out, char **text, char **ret, struct daybook_error *err)
{
    bool failed = ferror(out) != 0;
    if (fclose(out) || failed || !*text) { /* glibc forgets to say that there was no memory */
        free(*text);
        return no_memory(err);
    }
    *ret = *text;
    return 0;
}

int proof_inclusion_print(const struct proof_inclusion_file *file, char **ret, struct daybook_error *err)
{
    char *text = NULL;
    size_t len = 0;
    char *extra = malloc(BASE64_LEN(sizeof file->extra) + 1);
    FILE *out = extra ? open_memstream(&text, &len) : NULL;
    if (!out) {
        free(extra);
        return no_memory(err);
    }
    fputs(INCLUSION_MAGIC "\n", out);
    if (file->has_extra) {
        base64_encode(file->extra, file->extra_len, extra);
        fprintf(out, "extra %s\n", extra);
    }
    fprintf(out, "index %llu\n", (unsigned long long)file->index);
    put_proof(out, &file->proof, file->checkpoint);
    free(extra);
    return finish(out, &text, ret, err);
}

int proof_consistency_print(const struct proof_consistency_file *file, char **ret, struct daybook_error *err)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return no_memory(err);
    fprintf(out, "old %llu\n", (unsigned long long)file->old_size);
    put_proof(out, &file->proof, file->checkpoint);
    return finish(out, &text, ret, err);
}

/* ---- reading */

/* "word rest": what stands behind the word and one blank. */
static bool after_word(struct daybook_text line, const char *word, struct daybook_text *ret)
{
    size_t len = strlen(word);
    if (line.len <= len || memcmp(line.ptr, word, len) != 0 || line.ptr[len] != ' ')
        return false;
    *ret = (struct daybook_text){line.ptr + len + 1, line.len - len - 1};
    return true;
}

/* Hashes up to an empty line; the rest is the checkpoint. */
static bool read_proof(struct daybook_text rest, struct proof *ret, struct daybook_text *ret_checkpoint)
{
    struct daybook_text line;
    bool good = evidence_line(&rest, &line);
    ret->count = 0;
    while (good && line.len)
        good = ret->count < PROOF_HASHES_MAX && evidence_hash(line, &ret->hashes[ret->count++]) &&
               evidence_line(&rest, &line);
    *ret_checkpoint = rest;
    return good;
}

static bool read_extra(struct daybook_text line, struct proof_inclusion_file *ret)
{
    struct daybook_text encoded;
    ret->has_extra = after_word(line, "extra", &encoded);
    return ret->has_extra && encoded.len / 4 * 3 <= sizeof ret->extra &&
           base64_decode(encoded, ret->extra, &ret->extra_len);
}

int proof_inclusion_parse(struct daybook_text text, struct proof_inclusion_file *ret, struct daybook_error *err)
{
    struct daybook_text line, number;
    ret->has_extra = false;
    bool good = evidence_line(&text, &line) && line.len == sizeof INCLUSION_MAGIC - 1 &&
                memcmp(line.ptr, INCLUSION_MAGIC, line.len) == 0 && evidence_line(&text, &line);
    if (good && line.len && line.ptr[0] == 'e')
        good = read_extra(line, ret) && evidence_line(&text, &line);
    good = good && after_word(line, "index", &number) && evidence_number(number, &ret->index) &&
           read_proof(text, &ret->proof, &ret->checkpoint);
    return good ? 0
                : daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                               "This is no tlog-proof: its first line, perhaps extra, index, hashes, an empty line, "
                               "a checkpoint.");
}

int proof_consistency_parse(struct daybook_text text, struct proof_consistency_file *ret, struct daybook_error *err)
{
    struct daybook_text line, number;
    bool good = evidence_line(&text, &line) && after_word(line, "old", &number) &&
                evidence_number(number, &ret->old_size) && read_proof(text, &ret->proof, &ret->checkpoint);
    return good ? 0
                : daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                               "This is no consistency proof: old and a size, hashes, an empty line, a checkpoint.");
}
