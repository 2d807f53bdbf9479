/* How far a long task is: a bar on standard error, only when that is a terminal, at most ten times a second. */
#ifndef TOOLS_CLI_PROGRESS_H
#define TOOLS_CLI_PROGRESS_H

#include "tools/cli/language.h"

#include <stddef.h>
#include <stdint.h>

struct progress {
    bool shown;
    enum language language;
    const char *label;
    uint64_t total; /* 0: not known, then a count without a bar */
    int64_t started_us, drawn_us;
};

/* `label` stays the caller's; it is text of ours ("Import"), not data. */
void progress_start(struct progress *progress, enum language language, const char *label, uint64_t total);
/* Cheap enough to be called for every row. */
void progress_update(struct progress *progress, uint64_t done);
/* Take the bar away, also when the task failed: messages then start on a clean line. */
void progress_end(struct progress *progress);

/* What is drawn: "Import  [#####.....]  50%  500/1000  250/s  0:02 left", cut to `width` columns. */
void progress_format(const struct progress *progress, uint64_t done, int64_t elapsed_us, size_t width, char *out,
                     size_t out_size);

#endif
