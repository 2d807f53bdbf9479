/* The folders of a view: which one is in use, and how another takes its place.
 *
 *     views/<name>.current             the name of the folder in use; changed by one rename
 *     views/<name>.lock                one builder at a time
 *     views/<name>-v<version>-<n>/     rows, in use or being built
 *
 * Who still reads a folder that was removed keeps its files until it ends. */
#ifndef PROJECTIONS_VIEW_FOLDER_H
#define PROJECTIONS_VIEW_FOLDER_H

#include "daybook/view.h"

enum { VIEW_PATH_SIZE = 4096, VIEW_FOLDER_SIZE = 64 };

/* views/<name> of the ledger, or views/ itself when the name is empty. */
void view_folder_path(const struct daybook *ledger, const char *name, char out[VIEW_PATH_SIZE]);
/* false: none is in use. */
bool view_folder_current(const struct daybook *ledger, const struct daybook_projection *projection,
                         char out[VIEW_FOLDER_SIZE]);
/* Of the view's program that built it; 0: none. */
uint32_t view_folder_version(const char *folder);
/* A name that no folder has yet. */
void view_folder_fresh(const struct daybook *ledger, const struct daybook_projection *projection,
                       char out[VIEW_FOLDER_SIZE]);
/* From now on `folder` is in use. */
int view_folder_choose(const struct daybook *ledger, const struct daybook_projection *projection, const char *folder,
                       struct daybook_error *err);
/* Every folder of the projection but `kept`. */
void view_folder_remove_others(const struct daybook *ledger, const struct daybook_projection *projection,
                               const char *kept);
/* Wait for the builder's lock, which ends when *ret_fd is closed. */
int view_folder_lock(const struct daybook *ledger, const struct daybook_projection *projection, int *ret_fd,
                     struct daybook_error *err);

#endif
