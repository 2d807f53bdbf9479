/* Files of this folder, as they are, inside the program: the assembler takes them in. */
#include "tools/backup/files.h"

#define EMBED(name, path)                                                                                              \
    extern const char name[], name##_end[];                                                                            \
    __asm__(".pushsection .rodata\n" #name ":\n.incbin \"" path "\"\n" #name "_end:\n.popsection\n")

EMBED(verify_script, "tools/backup/verify.py");
EMBED(readme, "tools/backup/README.txt");

void backup_files(struct daybook_copy_file ret[BACKUP_FILE_COUNT])
{
    ret[0] = (struct daybook_copy_file){"verify.py", {verify_script, (size_t)(verify_script_end - verify_script)}};
    ret[1] = (struct daybook_copy_file){"README.txt", {readme, (size_t)(readme_end - readme)}};
}
