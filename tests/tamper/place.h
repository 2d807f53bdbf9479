/* Where tampering takes place: a good ledger, an older copy of it, another ledger, and the copy that is changed. */
#ifndef TESTS_TAMPER_PLACE_H
#define TESTS_TAMPER_PLACE_H

#include <lmdb.h>

#include "ledger/tree.h"
#include "tests/unit/scratch.h"

enum { PAGE_SIZE = 4096, ROW_VALUE_MAX = 70000, PLACE_PATH_SIZE = SCRATCH_PATH_SIZE + 40 };

struct place {
    char root[SCRATCH_PATH_SIZE];
    char good[PLACE_PATH_SIZE], older[PLACE_PATH_SIZE], other[PLACE_PATH_SIZE];
    char folder[PLACE_PATH_SIZE]; /* of the copy */
    uint64_t kept_size;           /* the checkpoint that was kept outside */
    struct tree_hash kept_root;
    uint64_t good_rows;
};

void place_make(struct place *place);
/* The copy is as the good one again. */
void place_restore(const struct place *place);
/* A file of the copy from the same of the folder `from`. */
void place_copy(const struct place *place, const char *from, const char *name);
/* malloc'ed, with a byte at least */
uint8_t *place_read(const struct place *place, const char *name, size_t *ret_size);
void place_write(const struct place *place, const char *name, const uint8_t *bytes, size_t size);
/* Over the bytes of the copy's data files. */
uint64_t place_files_hash(const struct place *place);
/* Over all rows of all tables of the copy. */
uint64_t place_rows_hash(const struct place *place);
MDB_env *place_open(const struct place *place, const char *name);

struct row {
    uint8_t key[600], value[ROW_VALUE_MAX];
    size_t key_len, value_len;
};
void row_get(MDB_cursor *cursor, uint32_t index, struct row *row);
bool row_put(MDB_txn *txn, MDB_dbi dbi, const void *key, size_t key_len, const void *value, size_t value_len);

#endif
