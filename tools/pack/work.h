/* A pack in the making: what its parts share. */
#ifndef TOOLS_PACK_WORK_H
#define TOOLS_PACK_WORK_H

#include "ledger/folder.h"
#include "ledger/note.h"
#include "tools/pack/pack.h"
#include "tools/pack/sample.h"
#include "tools/pack/totals.h"

struct pack {
    struct session *session;
    const struct pack_request *request;
    struct folder_draft folder;
    char **files; /* what was written, by name, for the list of checksums */
    size_t file_count, file_capacity;
    char origin[NOTE_NAME_MAX + 1];
    char *checkpoint;           /* the ledger's seal, a signed note over `size` events */
    int64_t begins_us, ends_us; /* the period's first and last microsecond */
    uint64_t before;            /* the last seq before the period */
    uint64_t end;               /* the last seq of the period; `before` when nothing was recorded in it */
    uint64_t size;              /* the last seq of the ledger: subsequent events are in the histories */
    int64_t last_recorded_us;
    uint8_t *touched; /* a bit an order, by ordinal: has it an event in the period? */
    uint32_t order_max;
    struct pack_totals totals;
    struct pack_sample sample;
};

/* ---- files (files.c) */

int pack_no_memory(struct pack *pack);

enum { PACK_NAME_MAX = 200 };

struct pack_file {
    struct pack *pack;
    FILE *stream;
    struct output output;
    char name[PACK_NAME_MAX];
};

/* A new file of the pack, to be written to file->stream; ends with pack_close. */
int pack_open(struct pack *pack, const char *name, struct pack_file *ret);
/* The same for rows, or for what is printed, to file->output. */
int pack_open_output(struct pack *pack, const char *name, enum output_format format, struct pack_file *ret);
int pack_open_table(struct pack *pack, const char *name, const struct column *columns, size_t count,
                    struct pack_file *ret);
/* Close it; `rc` is what came of writing so far. On success the file is on the list of checksums. */
int pack_close(struct pack_file *file, int rc);
/* A file of these bytes. */
int pack_write(struct pack *pack, const char *name, const char *bytes, size_t len);
int pack_write_json(struct pack *pack, const char *name, const json_t *document);
int pack_make_folder(struct pack *pack, const char *name);
/* SHA256SUMS, over every file closed so far. */
int pack_write_checksums(struct pack *pack);

/* ---- what is in them */

/* events.csv, changes.csv, stored-events.txt, recorded-later.csv; says which orders are touched. */
int pack_write_events(struct pack *pack);
/* orders.csv and order-lines.csv; draws the sample. */
int pack_write_orders(struct pack *pack);
/* sample.csv, and a folder for each order drawn. */
int pack_write_sample(struct pack *pack);
/* other-events.csv and personal-values.csv: what check.py reads the tables' names and earlier states from. */
int pack_write_outside(struct pack *pack);
int pack_write_totals(struct pack *pack);
/* Sign what the ledger is now; before anything is written, so that a ledger that cannot sign is known at once. */
int pack_seal(struct pack *pack);
/* checkpoint.txt and .pub, the proofs of where the period lies, and what checks all this. */
int pack_write_evidence(struct pack *pack);
int pack_write_basis(struct pack *pack);
int pack_write_readme(struct pack *pack);

#endif
