/* Folders that appear whole or not at all: made under another name beside their place, synced, then renamed.
 *
 * What a killed process leaves is a folder whose name begins with the prefix that it was made with, and which nobody
 * has locked; the next one that is made there with the same prefix removes it. */
#ifndef LEDGER_FOLDER_H
#define LEDGER_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daybook/error.h"

enum { FOLDER_PATH_MAX = 4096 };

/* A folder in the making. Starts as {.lock = -1}, and always ends with folder_abandon. */
struct folder_draft {
    char parent[FOLDER_PATH_MAX];
    char path[FOLDER_PATH_MAX]; /* empty once it has its name */
    int lock;
};

/* An empty folder in `parent`, called prefix and a random number. Others in the making stay. */
int folder_begin(const char *parent, const char *prefix, struct folder_draft *ret, struct daybook_error *err);
/* Sync it and what is in it, and give it its name in the same parent; DAYBOOK_ALREADY_EXISTS when that is taken (by
 * other than an empty folder). */
int folder_finish(struct folder_draft *draft, const char *path, struct daybook_error *err);
/* Unless it has its name, remove it. */
void folder_abandon(struct folder_draft *draft);

/* "folder/name", or DAYBOOK_TOO_LARGE. */
int folder_join(char out[FOLDER_PATH_MAX], const char *folder, const char *name, struct daybook_error *err);
int folder_make(const char *path, struct daybook_error *err);
/* A folder with all that is in it; links are removed, not followed. What is not there is no failure. */
int folder_remove(const char *path, struct daybook_error *err);
/* Sync every file and folder in it, and itself. */
int folder_sync(const char *path, struct daybook_error *err);
/* A new file with these bytes. */
int folder_write_file(const char *path, const void *bytes, size_t len, struct daybook_error *err);
/* Copy a plain file into a new one. After each piece: progress(context, bytes), which may be NULL. */
int folder_copy_file(const char *from, const char *to, void (*progress)(void *context, uint64_t bytes), void *context,
                     struct daybook_error *err);
/* Is there nothing of that name, or an empty folder? */
bool folder_is_free(const char *path);
/* Does `path` (or, if it is not there yet, the folder that it would be in) lie in `folder`, or is it that? */
bool folder_lies_in(const char *path, const char *folder);
/* The folder that `path` lies in; "." for a bare name. */
int folder_parent(char out[FOLDER_PATH_MAX], const char *path, struct daybook_error *err);
/* Its name in there, without slashes behind it. */
int folder_name(char out[FOLDER_PATH_MAX], const char *path, struct daybook_error *err);

/* All of the bytes, whatever a single write takes; -1 with errno when the rest cannot be written. */
int folder_write_all(int fd, const void *bytes, size_t len);

#endif
