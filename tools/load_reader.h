/* Lines from a file or a pipe, one at a time and of bounded length, without waiting longer than the caller wants to. */
#ifndef TOOLS_LOAD_READER_H
#define TOOLS_LOAD_READER_H

#include "daybook/error.h"
#include "daybook/value.h"

enum { LOAD_LINE_MAX = 1 << 20 /* bytes, without its end */ };

enum load_read {
    LOAD_READ_LINE,
    LOAD_READ_NOTHING_YET,
    LOAD_READ_END,
};

struct load_reader {
    int fd;
    char *buffer;
    size_t start, end; /* what is not handed out yet */
    size_t searched;   /* up to here there is no end of line */
    bool ended;
};

int load_reader_open(struct load_reader *reader, int fd, struct daybook_error *err);
void load_reader_close(struct load_reader *reader); /* the descriptor stays the caller's */
/* The next line, without LF or CRLF, valid until the next call. Waits at most wait_ms (-1: for ever). DAYBOOK_IO,
 * DAYBOOK_BAD_LINE for one that is too long. */
int load_reader_next(struct load_reader *reader, int wait_ms, enum load_read *ret, struct daybook_text *ret_line,
                     struct daybook_error *err);

#endif
