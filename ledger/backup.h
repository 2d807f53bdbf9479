/* What lies in a folder of backups.
 *
 *     DIR/20260119T080000.000000Z-17/    made then, of 17 events; the names' order is that of making
 *         log/data.mdb  personal-0/data.mdb  checkpoint.pub    a ledger, without its lock files, key and views
 *         backup.json                                          of which ledger, and its root
 *
 * What has not such a name, or no backup.json that says it, is none of ours. */
#ifndef LEDGER_BACKUP_H
#define LEDGER_BACKUP_H

#include "daybook/backup.h"
#include "ledger/folder.h"

#define BACKUP_MANIFEST "backup.json"

/* Backups by name, oldest first. */
struct backup_list {
    struct daybook_copy *rows;
    size_t count, capacity;
};

int backup_list_read(const char *dir, struct backup_list *ret, struct daybook_error *err);
void backup_list_free(struct backup_list *list);
/* Is the folder a backup, and of what? Its name is not looked at, and becomes empty. DAYBOOK_NOT_FOUND when it is
 * none. */
int backup_read(const char *folder, struct daybook_copy *ret, struct daybook_error *err);
/* Fill copy->name from the time and the number of events. */
void backup_name(struct daybook_copy *copy);
int backup_write_manifest(const char *folder, const struct daybook_copy *copy, struct daybook_error *err);
/* The ledger in `dir`, which may be a backup, or else the newest backup there; `dir` itself when it has neither. */
int backup_newest(const char *dir, char ret[FOLDER_PATH_MAX], struct daybook_error *err);

/* The ledger's verifier key goes along from folder to folder, where there is one. */
int backup_copy_public_key(const char *from, const char *to, struct daybook_error *err);
/* Verify what was copied into `folder`, and leave no lock files there. Its id, events and root into *copy. */
int backup_verify(const char *folder, bool unsafe_filesystem, daybook_copy_progress *progress, void *context,
                  struct daybook_copy *copy, struct daybook_error *err);

#endif
