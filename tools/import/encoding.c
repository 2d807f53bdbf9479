/* Which encoding a file is in. Statistics fail on short files, so only certain signs count: a BOM, bytes that are
 * strictly UTF-8, or bytes that are all GB18030 and then read as a table with a known header. */
#include "tools/import/encoding.h"

#include "ledger/text.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

struct signature {
    const char *bytes;
    size_t len;
};

static bool starts_with(const struct encoded_bytes *bytes, struct signature signature)
{
    return bytes->len >= signature.len && memcmp(bytes->ptr, signature.bytes, signature.len) == 0;
}

int encoding_read_file(const char *path, struct encoded_bytes *ret, struct daybook_error *err)
{
    struct encoded_bytes bytes = {0};
    size_t capacity = 0;
    struct stat status;
    int code = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0 || fstat(file, &status) != 0) {
        code = daybook_fail(err, DAYBOOK_IO, "Cannot open %s: %s.", path, strerror(errno));
        goto done;
    }
    if (status.st_size > ENCODING_TEXT_MAX) {
        code = daybook_fail(err, DAYBOOK_TOO_LARGE, "%s is larger than 2 GiB; split it.", path);
        goto done;
    }
    capacity = (size_t)status.st_size + 1; /* one more byte shows the end without growing */
    bytes.ptr = malloc(capacity);
    for (;;) {
        if (bytes.ptr == NULL) {
            code = daybook_fail(err, DAYBOOK_NO_MEMORY, "Not enough memory to read %s.", path);
            goto done;
        }
        ssize_t got = read(file, bytes.ptr + bytes.len, capacity - bytes.len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            code = daybook_fail(err, DAYBOOK_IO, "Cannot read %s: %s.", path, strerror(errno));
            goto done;
        }
        if (got == 0)
            break;
        bytes.len += (size_t)got;
        if (bytes.len > ENCODING_TEXT_MAX) {
            code = daybook_fail(err, DAYBOOK_TOO_LARGE, "%s is larger than 2 GiB; split it.", path);
            goto done;
        }
        if (bytes.len == capacity) { /* a pipe, or a file that grows */
            capacity *= 2;
            char *grown = realloc(bytes.ptr, capacity);
            if (grown == NULL)
                free(bytes.ptr);
            bytes.ptr = grown;
        }
    }
    *ret = bytes;
    bytes = (struct encoded_bytes){0};
done:
    free(bytes.ptr);
    if (file >= 0)
        close(file);
    return code;
}

/* What people call a spreadsheet but is no text. */
static int refuse_other_kinds(const struct encoded_bytes *bytes, struct daybook_error *err)
{
    static const struct {
        struct signature signature;
        const char *advice;
    } kinds[] = {
        {{"PK\003\004", 4}, "This is a workbook (.xlsx); save the sheet as CSV UTF-8 and import that."},
        {{"PK\005\006", 4}, "This is an empty zip file, not a table; save the sheet as CSV UTF-8."},
        {{"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8},
         "This is an old .xls workbook, or one with a password; save the sheet as CSV UTF-8 and import that."},
    };
    static const char *const markup[] = {"<html", "<!doctype html", "<table", "<meta", "<head", "<?xml"};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (starts_with(bytes, kinds[i].signature))
            return daybook_fail(err, DAYBOOK_NOT_A_WORKBOOK, "%s", kinds[i].advice);

    struct encoded_bytes start = *bytes;
    if (starts_with(&start, (struct signature){"\xEF\xBB\xBF", 3})) {
        start.ptr += 3;
        start.len -= 3;
    }
    while (start.len > 0 && strchr(" \t\r\n", *start.ptr) != NULL && *start.ptr != '\0') {
        start.ptr++;
        start.len--;
    }
    for (size_t i = 0; i < sizeof markup / sizeof *markup; i++) {
        size_t len = strlen(markup[i]);
        if (start.len >= len && strncasecmp(start.ptr, markup[i], len) == 0)
            return daybook_fail(err, DAYBOOK_NOT_A_WORKBOOK,
                                "This is a web page (HTML or XML) under a table's name; open it in a spreadsheet and "
                                "save it as CSV UTF-8.");
    }
    return 0;
}

static int convert(struct encoded_bytes *bytes, size_t bom_len, const char *encoding, struct daybook_error *err)
{
    iconv_t converter = iconv_open("UTF-8", encoding);
    char *in = bytes->ptr + bom_len;
    size_t in_left = bytes->len - bom_len;
    size_t capacity = in_left + in_left / 2 + 16;
    size_t used = 0;
    char *out = NULL;
    int code = 0;

    if (converter == (iconv_t)-1)
        return daybook_fail(err, DAYBOOK_USAGE,
                            "There is no encoding named %s; try UTF-8, GB18030, BIG5 or WINDOWS-1252.", encoding);
    out = malloc(capacity);
    while (out != NULL && in_left > 0) {
        char *at = out + used;
        size_t left = capacity - used;
        size_t result = iconv(converter, &in, &in_left, &at, &left);
        used = capacity - left;
        if (result == (size_t)-1 && errno != E2BIG) {
            code = daybook_fail(err, DAYBOOK_BAD_ENCODING,
                                "The bytes at offset %zu are not %s; name the file's encoding with --encoding.",
                                bytes->len - in_left, encoding);
            goto done;
        }
        if (used > ENCODING_TEXT_MAX) {
            code = daybook_fail(err, DAYBOOK_TOO_LARGE, "The text is larger than 2 GiB; split the file.");
            goto done;
        }
        if (in_left > 0) {
            capacity += capacity / 2;
            char *grown = realloc(out, capacity);
            if (grown == NULL)
                free(out);
            out = grown;
        }
    }
    if (out == NULL) {
        code = daybook_fail(err, DAYBOOK_NO_MEMORY, "Not enough memory to decode the file.");
        goto done;
    }
    free(bytes->ptr);
    *bytes = (struct encoded_bytes){out, used};
    out = NULL;
done:
    free(out);
    iconv_close(converter);
    return code;
}

static void drop_start(struct encoded_bytes *bytes, size_t len)
{
    bytes->len -= len;
    memmove(bytes->ptr, bytes->ptr + len, bytes->len);
}

static int decode(struct encoded_bytes *bytes, const char *encoding, bool *guessed, struct daybook_error *err)
{
    static const struct signature utf8_bom = {"\xEF\xBB\xBF", 3};
    static const struct {
        struct signature bom;
        const char *encoding;
    } utf16[] = {
        {{"\xFF\xFE", 2}, "UTF-16LE"},
        {{"\xFE\xFF", 2}, "UTF-16BE"},
    };

    if (encoding != NULL)
        return convert(bytes, 0, encoding, err);
    for (size_t i = 0; i < sizeof utf16 / sizeof *utf16; i++)
        if (starts_with(bytes, utf16[i].bom))
            return convert(bytes, utf16[i].bom.len, utf16[i].encoding, err);
    if (bytes->len > 0 && memchr(bytes->ptr, '\0', bytes->len) != NULL)
        return daybook_fail(err, DAYBOOK_BAD_TEXT,
                            "The file has NUL bytes, so it is no text; if it is UTF-16 say --encoding UTF-16LE.");
    bool has_bom = starts_with(bytes, utf8_bom);
    if (text_is_valid((struct daybook_text){bytes->ptr, bytes->len}))
        return 0;
    if (has_bom)
        return daybook_fail(err, DAYBOOK_BAD_ENCODING,
                            "The file says that it is UTF-8 but has bytes that are not; save it anew.");
    if (convert(bytes, 0, "GB18030", NULL) != 0)
        return daybook_fail(
            err, DAYBOOK_BAD_ENCODING,
            "The file is neither UTF-8 nor GB18030; name its encoding with --encoding, such as BIG5 or WINDOWS-1252.");
    *guessed = true;
    return 0;
}

int encoding_to_utf8(struct encoded_bytes *bytes, const char *encoding, bool *ret_guessed, struct daybook_error *err)
{
    static const struct signature bom = {"\xEF\xBB\xBF", 3};
    bool guessed = false;
    int code = refuse_other_kinds(bytes, err);

    if (code == 0)
        code = decode(bytes, encoding, &guessed, err);
    if (code != 0)
        return code;
    if (starts_with(bytes, bom))
        drop_start(bytes, bom.len);
    if (bytes->len > 0 && memchr(bytes->ptr, '\0', bytes->len) != NULL)
        return daybook_fail(err, DAYBOOK_BAD_TEXT,
                            "The file has NUL characters, so it is no table of text; save it anew as CSV UTF-8.");
    if (bytes->len > 0 && memmem(bytes->ptr, bytes->len, "\xEF\xBF\xBD", 3) != NULL)
        return daybook_fail(
            err, DAYBOOK_BAD_ENCODING,
            "The file has the mark of lost characters (U+FFFD); export it anew from where it came from.");
    *ret_guessed = guessed;
    return 0;
}
