/* `diff A B --figure NAME`: the orders that moved a figure between two moments, adding up to the difference. */
#ifndef TOOLS_DIFF_FIGURE_H
#define TOOLS_DIFF_FIGURE_H

#include "projections/diff.h"
#include "tools/stats.h"

/* Is one of the options given that only a figure has? */
bool diff_figure_options_given(const struct context *ctx);
/* The whole answer; the session of `stats` is open and read. */
int diff_figure(struct stats *stats, struct diff_span span);
/* {"seq":…,"root":"…"}: what was known at a moment; NULL when out of memory. */
json_t *diff_moment_json(struct session *session, uint64_t seq);

/* The options that say which orders a figure is made of, for the row of the command. */
#define DIFF_FIGURE_OPTIONS                                                                                            \
    {"--since",                                                                                                        \
     ARGUMENT_DATE,                                                                                                    \
     "DATE",                                                                                                           \
     NULL,                                                                                                             \
     false,                                                                                                            \
     false,                                                                                                            \
     "of the figure: as in stats delays",                                                                              \
     "指标的范围：同 stats delays"},                                                                                   \
        {"--until",                                                                                                    \
         ARGUMENT_DATE,                                                                                                \
         "DATE",                                                                                                       \
         NULL,                                                                                                         \
         false,                                                                                                        \
         false,                                                                                                        \
         "of the figure: as in stats delays",                                                                          \
         "指标的范围：同 stats delays"},                                                                               \
        {"--promise",                                                                                                  \
         ARGUMENT_CHOICE,                                                                                              \
         "WHICH",                                                                                                      \
         "latest|first|requested",                                                                                     \
         false,                                                                                                        \
         false,                                                                                                        \
         "of the figure: as in stats delays",                                                                          \
         "指标的口径：同 stats delays"},                                                                               \
        {"--milestone",                                                                                                \
         ARGUMENT_CHOICE,                                                                                              \
         "WHAT",                                                                                                       \
         "delivered|shipped",                                                                                          \
         false,                                                                                                        \
         false,                                                                                                        \
         "of the figure: as in stats delays",                                                                          \
         "指标的口径：同 stats delays"},                                                                               \
        {"--tolerance",                                                                                                \
         ARGUMENT_TEXT,                                                                                                \
         "EARLY,LATE",                                                                                                 \
         NULL,                                                                                                         \
         false,                                                                                                        \
         false,                                                                                                        \
         "of the figure: as in stats delays",                                                                          \
         "指标的口径：同 stats delays"},                                                                               \
    {                                                                                                                  \
        "--calendar", ARGUMENT_CHOICE, "WHAT", "days|workdays", false, false, "of the figure: as in stats delays",     \
            "指标的口径：同 stats delays"                                                                       \
    }

#endif
