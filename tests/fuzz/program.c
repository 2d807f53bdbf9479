/* The program inside of the fuzzer. Its folder is in memory; what it prints is thrown away. */
#include "tests/fuzz/program.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/commands.h"

enum { FILES_MAX = 32, ARGUMENTS_MAX = 64, OPEN_FOLDERS = 8 };

static char folder[] = "/dev/shm/daybook-fuzz-XXXXXX";
static struct program_file kept[FILES_MAX];
static size_t kept_count;
static bool is_prepared;

/* ---- folders */

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind;
    return walk->level ? remove(path) : 0;
}

static void empty_folder(void)
{
    nftw(folder, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

static void remove_folder(void)
{
    empty_folder();
    rmdir(folder);
}

static void make_parents(const char *path)
{
    char parent[sizeof kept[0].path];
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
        mkdir(parent, 0777);
    }
}

void program_write(const char *path, const void *bytes, size_t len)
{
    make_parents(path);
    FILE *file = fopen(path, "wb");
    require(file && (len == 0 || fwrite(bytes, len, 1, file) == 1) && fclose(file) == 0);
}

/* A lock file is made anew by whoever opens the ledger. */
static int keep_file(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)walk;
    if (kind != FTW_F || strstr(path, "lock.mdb"))
        return 0;
    require(kept_count < FILES_MAX);
    struct program_file *file = &kept[kept_count++];
    file->len = (size_t)status->st_size;
    file->bytes = malloc(file->len + 1);
    FILE *from = fopen(path, "rb");
    require(file->bytes && from && (file->len == 0 || fread(file->bytes, file->len, 1, from) == 1));
    fclose(from);
    snprintf(file->path, sizeof file->path, "%s", path + sizeof folder);
    return 0;
}

const struct program_file *program_file(size_t index)
{
    return index < kept_count ? &kept[index] : NULL;
}

void program_reset(void)
{
    require(chdir(folder) == 0);
    empty_folder();
    for (size_t i = 0; i < kept_count; i++)
        program_write(kept[i].path, kept[i].bytes, kept[i].len);
}

/* ---- runs */

int program_run(const char *const *arguments)
{
    static char name[] = "daybook";
    char *argv[ARGUMENTS_MAX + 2] = {name};
    int argc = 1;
    for (; arguments[argc - 1] && argc <= ARGUMENTS_MAX; argc++)
        argv[argc] = strdup(arguments[argc - 1]);
    int status = cli_main(&daybook_program, argc, argv);
    for (int i = 1; i < argc; i++)
        free(argv[i]);
    require(status >= 0 && status <= DAYBOOK_CLASS_ENVIRONMENT);
    require(is_prepared || status == 0); /* what prepares must work */
    return status;
}

void program_start(void)
{
    setenv("TZ", "UTC", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("DAYBOOK_ACTOR", "li.lei", 1);
    unsetenv("DAYBOOK_LEDGER");
    require(mkdtemp(folder) && chdir(folder) == 0);
    atexit(remove_folder);
    require(freopen("/dev/null", "w", stdout) && dup2(open("/dev/null", O_RDONLY), STDIN_FILENO) == 0);
}

void program_prepare(const char *const *const *commands)
{
    while (*commands)
        program_run(*commands++);
    nftw(folder, keep_file, OPEN_FOLDERS, FTW_PHYS);
    is_prepared = true;
}
