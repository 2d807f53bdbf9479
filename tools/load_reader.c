/* Lines from a file or a pipe: a buffer with room for the longest line and what was read beyond it. */
#include "tools/load_reader.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_SIZE = 2 * LOAD_LINE_MAX };

int load_reader_open(struct load_reader *reader, int fd, struct daybook_error *err)
{
    *reader = (struct load_reader){.fd = fd, .buffer = malloc(BUFFER_SIZE)};
    return reader->buffer ? 0 : daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for reading lines.");
}

void load_reader_close(struct load_reader *reader)
{
    free(reader->buffer);
    reader->buffer = NULL;
}

/* *ret: whether anything came (or the input ended) within the time. */
static int fill(struct load_reader *reader, int wait_ms, bool *ret, struct daybook_error *err)
{
    struct pollfd input = {.fd = reader->fd, .events = POLLIN};
    int ready = poll(&input, 1, wait_ms);
    if (ready == 0 || (ready < 0 && errno == EINTR)) {
        *ret = false;
        return 0;
    }
    if (reader->start) {
        memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->searched -= reader->start;
        reader->start = 0;
    }
    ssize_t got = read(reader->fd, reader->buffer + reader->end, BUFFER_SIZE - reader->end);
    if (got < 0 && errno != EINTR && errno != EAGAIN)
        return daybook_fail(err, DAYBOOK_IO, "The lines cannot be read: %s.", strerror(errno));
    if (got > 0)
        reader->end += (size_t)got;
    reader->ended = got == 0;
    *ret = true;
    return 0;
}

static struct daybook_text take(struct load_reader *reader, size_t len, size_t terminator)
{
    struct daybook_text line = {reader->buffer + reader->start, len};
    reader->start += len + terminator;
    reader->searched = reader->start;
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

int load_reader_next(struct load_reader *reader, int wait_ms, enum load_read *ret, struct daybook_text *ret_line,
                     struct daybook_error *err)
{
    for (;;) {
        const char *from = reader->buffer + reader->searched;
        const char *lf = memchr(from, '\n', reader->end - reader->searched);
        size_t len = lf ? (size_t)(lf - reader->buffer) - reader->start : reader->end - reader->start;
        if (len > LOAD_LINE_MAX)
            return daybook_fail(err, DAYBOOK_BAD_LINE, "It is longer than %d bytes.", LOAD_LINE_MAX);
        if (lf || (reader->ended && len)) {
            *ret_line = take(reader, len, lf ? 1 : 0);
            *ret = LOAD_READ_LINE;
            return 0;
        }
        reader->searched = reader->end;
        if (reader->ended) {
            *ret = LOAD_READ_END;
            return 0;
        }
        bool came = false;
        int rc = fill(reader, wait_ms, &came, err);
        if (rc)
            return rc;
        if (!came) {
            *ret = LOAD_READ_NOTHING_YET;
            return 0;
        }
    }
}
