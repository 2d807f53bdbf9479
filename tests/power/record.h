/* Everything that a process does to the files below a folder, in order, in memory that outlives the process.
 *
 * The program that is linked with record.c calls its open, pwrite, fsync .. instead of libc's: so does LMDB, whose
 * calls the linker binds to the program's. Calls that libc makes inside of itself are not seen; fopen and mkdtemp are
 * wrapped for that reason, and a file written through stdio is read when it is synced. Writes through a map are not
 * seen either: the ledger's only writable maps are LMDB's lock files. sync_file_range promises nothing, so it is not
 * noted.
 *
 * One thread records. */
#ifndef TESTS_POWER_RECORD_H
#define TESTS_POWER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum record_kind {
    RECORD_CREATE, /* a file that was not there */
    RECORD_MKDIR,
    RECORD_RENAME, /* of path to `bytes` */
    RECORD_REMOVE, /* a file or a folder */
    RECORD_WRITE,  /* `bytes` at `offset` */
    RECORD_RESIZE, /* to `offset` bytes */
    RECORD_SYNC,   /* a file or a folder */
    RECORD_SYNC_WRITE, /* only the last write, by a descriptor that is O_DSYNC or O_SYNC */
    RECORD_ANSWER,     /* the program has answered: all events up to seq `offset` are recorded */
};

struct record {
    uint32_t kind; /* enum record_kind */
    uint32_t len;
    uint64_t offset;
    const char *path; /* below the folder; "" is the folder itself */
    const uint8_t *bytes;
};

struct recording;

struct recording *recording_new(void);
void recording_free(struct recording *recording);
/* From here on in this process; folder is absolute and free of symbolic links. */
void recording_begin(struct recording *recording, const char *folder);
void recording_answer(uint64_t last_seq);

size_t recording_count(const struct recording *recording);
/* The record at *at (0: the first), and *at moves on; false at the end. */
bool recording_next(const struct recording *recording, size_t *at, struct record *ret);

#endif
