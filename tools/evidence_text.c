/* Files of evidence in and out, and the keys that they are checked with. */
#include "tools/evidence_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/signing.h"

enum { FIRST_ROOM = 1 << 16 };

/* 0 or an errno. */
static int read_all(int fd, char **ret, size_t *ret_len)
{
    size_t room = FIRST_ROOM, len = 0;
    char *text = malloc(room);
    ssize_t got = 1;
    while (text && got > 0 && len <= EVIDENCE_FILE_MAX) {
        if (len == room) {
            char *bigger = realloc(text, room *= 2);
            if (!bigger)
                break;
            text = bigger;
        }
        got = read(fd, text + len, room - len);
        len += got > 0 ? (size_t)got : 0;
    }
    if (!text || got < 0 || (got > 0 && len <= EVIDENCE_FILE_MAX)) {
        int error_number = text && got < 0 ? errno : ENOMEM;
        free(text);
        return error_number;
    }
    *ret = text;
    *ret_len = len;
    return 0;
}

int evidence_read_file(struct context *ctx, const char *name, char **ret, size_t *ret_len)
{
    int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    char *text = NULL;
    size_t len = 0;
    int error_number = fd < 0 ? errno : read_all(fd, &text, &len);
    if (fd > STDIN_FILENO)
        close(fd);
    if (error_number)
        return daybook_fail(&ctx->error, DAYBOOK_IO, say(ctx, "%s cannot be read: %s.", "无法读取 %s：%s。"), name,
                            strerror(error_number));
    if (len > EVIDENCE_FILE_MAX) {
        free(text);
        return daybook_fail(&ctx->error, DAYBOOK_VERIFICATION_FAILED,
                            say(ctx, "%s is too large to be evidence.", "%s 过大，不是证据文件。"), name);
    }
    *ret = text;
    *ret_len = len;
    return 0;
}

int evidence_print_text(struct context *ctx, const char *text)
{
    int rc = 0;
    while (*text && !rc) {
        size_t len = strcspn(text, "\n");
        rc = output_line(&ctx->output, (struct daybook_text){text, len}, &ctx->error);
        text += len + (text[len] == '\n');
    }
    return rc;
}

/* A key as it stands, else the first line of the file of that name. */
static int read_key(struct context *ctx, const struct given *given, struct note_key *ret)
{
    char *text = NULL;
    size_t len = 0;
    if (note_key_parse(given->text, ret, NULL) == 0)
        return 0;
    if (access(given->string, R_OK) || evidence_read_file(ctx, given->string, &text, &len))
        return note_key_parse(given->text, ret, &ctx->error);
    const char *end = memchr(text, '\n', len);
    int rc = note_key_parse((struct daybook_text){text, end ? (size_t)(end - text) : len}, ret, &ctx->error);
    free(text);
    return rc;
}

static int given_key(struct context *ctx, const struct given *given, struct note_key **ret, size_t *ret_count)
{
    struct note_key *key = malloc(sizeof *key);
    int rc = key ? read_key(ctx, given, key) : daybook_fail(&ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for a key.");
    if (rc) {
        free(key);
        return rc;
    }
    *ret = key;
    *ret_count = 1;
    return 0;
}

int evidence_keys(struct session *session, struct context *ctx, struct note_key **ret, size_t *ret_count)
{
    const struct given *given = context_given_if(ctx, "--key");
    if (given)
        return given_key(ctx, given, ret, ret_count);
    struct note_key *keys = NULL;
    size_t count = 0;
    int rc = session_open(session, ctx);
    if (rc == DAYBOOK_NO_LEDGER)
        return daybook_fail(
            &ctx->error, rc,
            say(ctx,
                "There is no ledger in %s whose keys could be used. Say who must have signed: --key VKEY, "
                "or a file with that key.",
                "%s 中没有账本，无法取得密钥。请用 --key 指定验证密钥或其文件。"),
            ctx->ledger_path);
    if (!rc)
        rc = signing_own_keys(session->ledger, &keys, &count, &ctx->error);
    if (!rc && count == 0)
        rc = daybook_fail(&ctx->error, DAYBOOK_NOT_FOUND,
                          say(ctx,
                              "This ledger has no key yet that could have signed anything. Give the other one's: --key "
                              "VKEY.",
                              "此账本还没有签名密钥。请用 --key VKEY 指定对方的验证密钥。"));
    if (rc) {
        free(keys);
        return rc;
    }
    *ret = keys;
    *ret_count = count;
    return 0;
}
