/* One entry about an order: from the words of a command to drafts, into the log, and back as an answer. */
#ifndef TOOLS_ORDER_REQUEST_H
#define TOOLS_ORDER_REQUEST_H

#include "tools/session.h"

struct order_request {
    struct session session;
    uint32_t order; /* ordinal; 0: one that is to be created */
    bool existed;   /* when the command came; then `before` was its status */
    enum workflow_status before;
    struct daybook_draft *drafts; /* what is said, and what --note adds */
    size_t draft_count;
    struct daybook_draft_item *items;
    struct daybook_draft_field *fields;
    struct daybook_result result;
};

/* All return 0 or a code, with the context's error filled. A request starts as {0} and ends with order_request_end. */

/* Open the ledger and, where the command has an argument NO, look at that order as it is now. */
int order_request_begin(struct order_request *request, struct context *ctx);
/* drafts[0] of `type` from all options and arguments that the command has, and drafts[1] from --note. */
int order_request_read(struct order_request *request, uint32_t type);
/* One more draft for the same order and day, at the end; NULL when out of memory. Earlier pointers move. */
struct daybook_draft *order_request_add(struct order_request *request, uint32_t type);
/* Usage error for an option that says something which events of `type` cannot hold; *ret_count: how many were given. */
int order_request_check(const struct order_request *request, const struct schema_type *type, size_t *ret_count);
/* Record the drafts, and look at the order again. */
int order_request_send(struct order_request *request);
/* What became of it: the order as JSON, a row of CSV, or one line that begins with `done` ("shipped"). */
int order_request_answer(struct order_request *request, const char *done);
void order_request_end(struct order_request *request);

#endif
