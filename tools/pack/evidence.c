/* What the tables can be held against without us: seal, proofs, and the programs that check them. */
#include <stdlib.h>
#include <string.h>

#include "ledger/evidence.h"
#include "ledger/signing.h"
#include "tools/backup/files.h"
#include "tools/embed.h"
#include "tools/pack/work.h"

EMBED_TEXT(pack_check, "tools/pack/check.py");
EMBED_TEXT(pack_events, "tools/pack/events.py");

/* ---- the seal */

static int write_text(struct pack *pack, const char *name, const char *text)
{
    return pack_write(pack, name, text, strlen(text));
}

static int write_key(struct pack *pack)
{
    struct note_key key;
    char text[NOTE_VKEY_SIZE], line[NOTE_VKEY_SIZE + 1];
    int rc = signing_key(pack->session->ledger, &key, &pack->session->ctx->error);
    if (rc)
        return rc;
    note_key_print(&key, text);
    snprintf(line, sizeof line, "%s\n", text);
    return write_text(pack, "checkpoint.pub", line);
}

/* From the end of the period to the seal. */
static int write_consistency(struct pack *pack)
{
    struct daybook_error *err = &pack->session->ctx->error;
    struct proof_consistency_file file = {.old_size = pack->end,
                                          .checkpoint = {pack->checkpoint, strlen(pack->checkpoint)}};
    char *text = NULL;
    int rc = proof_consistency(pack->session->snapshot->log, pack->end, pack->size, &file.proof, err);
    if (!rc)
        rc = proof_consistency_print(&file, &text, err);
    if (!rc)
        rc = write_text(pack, "consistency.txt", text);
    free(text);
    return rc;
}

/* An event beside the period, with its time: that one is outside, so nothing of the period is left out at its edges. */
static int write_neighbour(struct pack *pack, const char *name, uint64_t seq)
{
    struct daybook_error *err = &pack->session->ctx->error;
    struct proof_inclusion_file *file = malloc(sizeof *file);
    char *text = NULL;
    int rc = file ? evidence_inclusion(pack->session->snapshot, seq, pack->size, pack->checkpoint, file, err)
                  : pack_no_memory(pack);
    if (!rc)
        rc = proof_inclusion_print(file, &text, err);
    if (!rc)
        rc = write_text(pack, name, text);
    free(text);
    free(file);
    return rc;
}

static int write_edges(struct pack *pack)
{
    int rc = pack->before ? write_neighbour(pack, "before-first.txt", pack->before) : 0;
    return rc || pack->end == pack->size ? rc : write_neighbour(pack, "after-last.txt", pack->end + 1);
}

int pack_seal(struct pack *pack)
{
    struct context *ctx = pack->session->ctx;
    signing_origin(pack->session->ledger, pack->origin);
    return signing_checkpoint(pack->session->ledger, pack->size, &pack->checkpoint, NULL, &ctx->error);
}

int pack_write_evidence(struct pack *pack)
{
    struct daybook_copy_file backup[BACKUP_FILE_COUNT];
    backup_files(backup);
    int rc = write_text(pack, "checkpoint.txt", pack->checkpoint);
    if (!rc)
        rc = write_key(pack);
    if (!rc)
        rc = write_consistency(pack);
    if (!rc)
        rc = write_edges(pack);
    if (!rc)
        rc = write_text(pack, "check.py", pack_check);
    if (!rc)
        rc = write_text(pack, "events.py", pack_events);
    for (size_t i = 0; i < BACKUP_FILE_COUNT && !rc; i++)
        if (strcmp(backup[i].name, "verify.py") == 0)
            rc = pack_write(pack, backup[i].name, backup[i].bytes.ptr, backup[i].bytes.len);
    return rc;
}
