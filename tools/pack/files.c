/* Files of a pack: written one after the other, and listed with their SHA-256 in the end. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/pack/work.h"

int pack_no_memory(struct pack *pack)
{
    return daybook_fail(&pack->session->ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for an audit pack.");
}

static int failed(struct pack *pack, const char *name, int reason)
{
    struct context *ctx = pack->session->ctx;
    return daybook_fail(&ctx->error, reason == ENOSPC || reason == EDQUOT ? DAYBOOK_DISK_FULL : DAYBOOK_IO,
                        say(ctx, "Cannot write %s of the pack: %s. Nothing was left behind.",
                            "无法写入审计包中的 %s：%s。未留下任何文件。"),
                        name, strerror(reason));
}

int pack_open(struct pack *pack, const char *name, struct pack_file *ret)
{
    struct daybook_error *err = &pack->session->ctx->error;
    char path[FOLDER_PATH_MAX];
    *ret = (struct pack_file){.pack = pack};
    snprintf(ret->name, sizeof ret->name, "%s", name);
    int rc = folder_join(path, pack->folder.path, name, err);
    if (!rc && !(ret->stream = fopen(path, "wxe")))
        rc = failed(pack, name, errno);
    return rc;
}

int pack_open_output(struct pack *pack, const char *name, enum output_format format, struct pack_file *ret)
{
    int rc = pack_open(pack, name, ret);
    if (!rc)
        output_init(&ret->output, ret->stream, format, pack->session->ctx->language);
    return rc;
}

int pack_open_table(struct pack *pack, const char *name, const struct column *columns, size_t count,
                    struct pack_file *ret)
{
    int rc = pack_open_output(pack, name, OUTPUT_CSV, ret);
    return rc ? rc : output_begin(&ret->output, NULL, columns, count, &pack->session->ctx->error);
}

/* Put the name on the list. */
static int note_file(struct pack *pack, const char *name)
{
    if (pack->file_count == pack->file_capacity) {
        size_t capacity = pack->file_capacity ? pack->file_capacity * 2 : 64;
        char **bigger = realloc(pack->files, capacity * sizeof *bigger);
        if (!bigger)
            return pack_no_memory(pack);
        pack->files = bigger;
        pack->file_capacity = capacity;
    }
    char *copy = strdup(name);
    if (!copy)
        return pack_no_memory(pack);
    pack->files[pack->file_count++] = copy;
    return 0;
}

int pack_close(struct pack_file *file, int rc)
{
    struct pack *pack = file->pack;
    if (!file->stream)
        return rc;
    output_release(&file->output);
    errno = 0;
    bool broken = fflush(file->stream) != 0 || ferror(file->stream);
    int reason = file->output.failed_code == DAYBOOK_DISK_FULL ? ENOSPC : errno ? errno : EIO;
    if (fclose(file->stream) && !broken) {
        broken = true;
        reason = errno;
    }
    file->stream = NULL;
    if (broken)
        return failed(pack, file->name, reason);
    return rc ? rc : note_file(pack, file->name);
}

int pack_write(struct pack *pack, const char *name, const char *bytes, size_t len)
{
    struct pack_file file;
    int rc = pack_open(pack, name, &file);
    if (!rc)
        fwrite(bytes, 1, len, file.stream);
    return pack_close(&file, rc);
}

int pack_write_json(struct pack *pack, const char *name, const json_t *document)
{
    struct pack_file file;
    int rc = pack_open(pack, name, &file);
    if (!rc && json_dumpf(document, file.stream, JSON_INDENT(2)) && !ferror(file.stream))
        rc = pack_no_memory(pack);
    if (!rc)
        fputc('\n', file.stream);
    return pack_close(&file, rc);
}

int pack_make_folder(struct pack *pack, const char *name)
{
    char path[FOLDER_PATH_MAX];
    int rc = folder_join(path, pack->folder.path, name, &pack->session->ctx->error);
    return rc ? rc : folder_make(path, &pack->session->ctx->error);
}

/* SHA-256 of the file as it was written. */
static int hash_file(struct pack *pack, const char *name, struct tree_hash *ret)
{
    char path[FOLDER_PATH_MAX];
    int rc = folder_join(path, pack->folder.path, name, &pack->session->ctx->error);
    if (rc)
        return rc;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || !sha256_file(fd, ret->bytes))
        rc = failed(pack, name, errno);
    if (fd >= 0)
        close(fd);
    return rc;
}

int pack_write_checksums(struct pack *pack)
{
    struct pack_file list;
    size_t count = pack->file_count;
    int rc = pack_open(pack, "SHA256SUMS", &list);
    for (size_t i = 0; i < count && !rc; i++) {
        struct tree_hash hash;
        char hex[2 * TREE_HASH_SIZE + 1];
        rc = hash_file(pack, pack->files[i], &hash);
        if (rc)
            break;
        tree_hash_hex(&hash, hex);
        fprintf(list.stream, "%s  %s\n", hex, pack->files[i]);
    }
    return pack_close(&list, rc);
}
