/* Copies of a ledger: made while others write, put back, and caught up from one another.
 *
 *     back up    daybook_backup: a folder of backups, each of them a whole ledger, verified before it gets its name
 *     put back   daybook_restore: a backup becomes a ledger where none was
 *     catch up   daybook_pull: what another copy of the same ledger has beyond this one, after a check that it is one
 *
 * A backup is as old as it is: what was erased from the ledger since is still in it. It goes with the backup, which is
 * what keeping only the newest ones is for.
 *
 * Names: daybook_copy_… is what the calls have in common. Ownership: what you pass in is read during the call only;
 * results are the caller's. What a struct …_options does not set is zero. Threads: any, each with results of its own.
 * Errors: daybook/error.h. Besides those that are named here every call can fail with DAYBOOK_IO, DAYBOOK_DISK_FULL,
 * DAYBOOK_READ_ONLY, DAYBOOK_NO_MEMORY and DAYBOOK_DAMAGED. */
#ifndef DAYBOOK_BACKUP_H
#define DAYBOOK_BACKUP_H

#include "daybook/ledger.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Bytes of a backup's name, with NUL: when it was made, and how many events it has. */
enum { DAYBOOK_BACKUP_NAME_SIZE = 48 };

/* What is being done. */
enum daybook_copy_step { DAYBOOK_STEP_COPY, DAYBOOK_STEP_VERIFY };
/* Called now and then: `done` of `total` of that step. */
typedef void daybook_copy_progress(void *context, enum daybook_copy_step step, uint64_t done, uint64_t total);

/* What a copy is of, as it was verified. */
struct daybook_copy {
    char ledger[33]; /* its id */
    uint64_t events;
    uint8_t root[32];                    /* the Merkle root over them */
    char name[DAYBOOK_BACKUP_NAME_SIZE]; /* of the backup, in the folder of backups */
    int64_t made_us;                     /* when the backup was begun, by the clock */
};

/* A file to lie in a backup beside the data. */
struct daybook_copy_file {
    const char *name;
    struct daybook_text bytes;
};

/* How a backup is made. */
struct daybook_backup_options {
    daybook_copy_progress *progress; /* may be NULL */
    void *context;
    uint64_t keep;                         /* then remove the oldest, down to so many; 0: none */
    const struct daybook_copy_file *files; /* more files to lie in it */
    size_t file_count;
};
/* Copy the ledger as it is now into a new folder of `dir` (which is made when it is not there), while others read and
 * write. It gets its name when all of it is on disk and verified; until then, and for ever if the process is killed,
 * its name begins with a dot. Only what is recognised as a backup of this ledger is ever removed. Options may be NULL.
 * *ret_removed: how many were. DAYBOOK_VERIFICATION_FAILED: the copy does not verify, so that the ledger is damaged;
 * DAYBOOK_BAD_VALUE: `dir` lies in the ledger; DAYBOOK_FOREIGN_LOG: it has backups of another one;
 * DAYBOOK_VERSION_CONFLICT: data was erased meanwhile again and again. */
int daybook_backup(struct daybook *ledger, const char *dir, const struct daybook_backup_options *options,
                   struct daybook_copy *ret, uint64_t *ret_removed, struct daybook_error *err);

/* How a backup is put back. */
struct daybook_restore_options {
    daybook_copy_progress *progress; /* may be NULL */
    void *context;
    bool unsafe_filesystem; /* allow a ledger on NFS and the like */
};
/* Make a ledger in `folder` from the backup `dir`, or from the newest one in `dir` that verifies; *ret_passed_over:
 * how many newer ones do not. It is copied, verified, and then gets its name. Options may be NULL.
 * DAYBOOK_ALREADY_EXISTS: there is a ledger, or something else; DAYBOOK_NOT_FOUND: there is no backup;
 * DAYBOOK_VERIFICATION_FAILED: it does not verify; DAYBOOK_REMOTE_FILESYSTEM, DAYBOOK_NEWER_FORMAT. */
int daybook_restore(const char *dir, const char *folder, const struct daybook_restore_options *options,
                    struct daybook_copy *ret, uint64_t *ret_passed_over, struct daybook_error *err);

/* How a ledger is caught up. */
struct daybook_pull_options {
    daybook_copy_progress *progress; /* may be NULL */
    void *context;
    bool unsafe_filesystem; /* allow a source on NFS and the like, which nobody writes to; a backup is at rest anyway */
};
/* What was found, and what came of it. */
struct daybook_pulled {
    uint64_t before, events; /* here: when it began, and now */
    uint64_t theirs;         /* there */
    uint64_t differs_at;     /* the first event that is another one here and there; 0: none */
};
/* Take the events that the ledger or backup in `from` (or the newest backup there) has beyond this ledger's, whose own
 * must be the first of them: the Merkle roots over both say so before anything is taken, and over each chunk before it
 * is. Each chunk is durable once taken; a pull that ended half-way goes on where it was. `from` may be written to
 * meanwhile; options may be NULL. *ret is filled also on failure. DAYBOOK_FOREIGN_LOG: the histories differ, from
 * ret->differs_at on, and nothing more was taken; DAYBOOK_VERIFICATION_FAILED: what is there does not fit its own
 * root; DAYBOOK_NO_LEDGER, DAYBOOK_REMOTE_FILESYSTEM, and as daybook_carry. */
int daybook_pull(struct daybook *ledger, const char *from, const struct daybook_pull_options *options,
                 struct daybook_pulled *ret, struct daybook_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
