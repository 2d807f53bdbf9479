/* What the program lays into every backup, so that it can be checked and understood without the program. */
#ifndef TOOLS_BACKUP_FILES_H
#define TOOLS_BACKUP_FILES_H

#include "daybook/backup.h"

enum { BACKUP_FILE_COUNT = 2 };

void backup_files(struct daybook_copy_file ret[BACKUP_FILE_COUNT]);

#endif
