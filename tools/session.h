/* One command's use of a ledger: opened, read at the cut in time that was asked for, appended to in the caller's
 * name. */
#ifndef TOOLS_SESSION_H
#define TOOLS_SESSION_H

#include "ledger/order_reader.h"
#include "projections/registers.h"
#include "projections/runner.h"
#include "tools/cli/command.h"

struct session {
    struct context *ctx;
    struct daybook *ledger;
    struct daybook_snapshot *snapshot;
    struct registers *registers; /* at the cut */
    struct order_reader reader;
    int64_t now_us;
    int32_t today; /* in the ledger's zone */
    struct order_cut cut;
    bool has_as_of, has_effective;
    char as_of[DAYBOOK_INSTANT_TEXT_SIZE]; /* the moment, as an instant or a seq */
    int32_t question_day;                  /* the day of the question: METRICS */
};

/* All return 0 or a code, with ctx->error filled. A session starts as {0} and always ends with session_close. */
int session_open(struct session *session, struct context *ctx);
/* A snapshot, cut as --as-of and --effective say (where the command has them). Ends an earlier one. */
int session_read(struct session *session);
/* End the snapshot: one that stays open while much is appended keeps the file from reusing its space. */
void session_end_read(struct session *session);
void session_close(struct session *session);

/* The day that an option's DATE means; DAYBOOK_DAY_NONE when it was not given (or is "unknown"). */
int session_day(struct session *session, const char *option, int32_t *ret);
/* The seq up to which a TIME reaches: its events are those with seq <= *ret. */
int session_seq(struct session *session, const struct when *when, uint64_t *ret);
/* The moment on the ledger's own clock, to the second: what people compare with their memory. */
enum { SESSION_TIME_SIZE = 32 };
void session_local_time(const struct session *session, int64_t instant_us, char out[SESSION_TIME_SIZE]);
/* The ordinal of the order with that number; DAYBOOK_NOT_FOUND when there never was one. */
int session_find_order(struct session *session, struct daybook_text order_no, uint32_t *ret);
/* Fold the order with that number into session->reader. DAYBOOK_NOT_FOUND, or _NOT_YET_KNOWN when it came after
 * the cut. */
int session_order(struct session *session, struct daybook_text order_no);

/* The view at the session's snapshot (which may be taken anew for it), with a progress bar while it is built. NULL
 * where a cut in time was asked for, or where no view can be kept: then fold afresh. Ends with daybook_view_close
 * before the session. */
int session_view(struct session *session, const struct daybook_projection *projection, struct daybook_view **ret);
/* The basis of an answer as JSON: seq, root, as_of, effective, view and its version; NULL when out of memory. */
json_t *session_basis(struct session *session, const struct daybook_projection *projection);

/* A request with actor, via, --key and --expect (where the command has them). */
void session_entry(struct session *session, const struct daybook_draft *drafts, size_t count,
                   struct daybook_entry *ret);
/* Append one entry; a refusal becomes ctx->error. */
int session_append(struct session *session, const struct daybook_entry *entry, struct daybook_result *ret);

#endif
