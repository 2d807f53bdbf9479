/* Files of this folder, as they are, inside the program. */
#include "tools/backup/files.h"

#include <string.h>

#include "tools/embed.h"

EMBED_TEXT(backup_verify_script, "tools/backup/verify.py");
EMBED_TEXT(backup_readme, "tools/backup/README.txt");

void backup_files(struct daybook_copy_file ret[BACKUP_FILE_COUNT])
{
    ret[0] = (struct daybook_copy_file){"verify.py", {backup_verify_script, strlen(backup_verify_script)}};
    ret[1] = (struct daybook_copy_file){"README.txt", {backup_readme, strlen(backup_readme)}};
}
