/* A disk that loses power: what a recording has made durable, and what it has only written.
 *
 *     write, resize                  pending until the file is synced
 *     create, mkdir, rename, remove  pending until the folder that holds the name is synced; a rename is whole or not
 *     a write by O_DSYNC             durable once it has returned
 *
 * A cut keeps all that is durable. Of what is pending, each is kept, lost or (a write) torn by choice, so also out of
 * its order: a prefix of it, some of its pages, or some of its sectors of 512 bytes; a sector is whole, as disks
 * promise and as LMDB's meta pages need. Kept writes apply in their order: a page cache does not go back in time. */
#ifndef TESTS_POWER_DISK_H
#define TESTS_POWER_DISK_H

#include "tests/power/record.h"

/* Syncs that are believed to have worked and have not; for seeing that tests notice. */
enum disk_lie { DISK_HONEST = 0, DISK_FILES_LIE = 1, DISK_FOLDERS_LIE = 2, DISK_SYNC_WRITES_LIE = 4 };

struct disk;

struct disk *disk_new(unsigned lies);
void disk_free(struct disk *disk);
void disk_apply(struct disk *disk, const struct record *record);
/* One way in which a cut now could leave the disk, made in a folder that does not exist yet. */
void disk_image(const struct disk *disk, const char *folder, uint64_t *random);
/* The disk as it is without a cut. */
void disk_image_whole(const struct disk *disk, const char *folder);

#endif
