/* An order as a person reads it: one screen. */
#ifndef TOOLS_ORDER_CARD_H
#define TOOLS_ORDER_CARD_H

#include "tools/session.h"

/* The order in session->reader, to the context's output; for --format table. */
int order_card(struct session *session);

/* A status in the language asked for. */
const char *order_status_label(const struct context *ctx, enum workflow_status status);

#endif
