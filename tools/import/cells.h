/* Single cells: is there anything, how much is it, which status does the word mean. (Dates: dates.h.) */
#ifndef TOOLS_IMPORT_CELLS_H
#define TOOLS_IMPORT_CELLS_H

#include "daybook/value.h"

/* Empty, or a mark for "nothing": - — / N/A NULL 无 待定 TBD. `text` is trimmed. */
bool cell_is_absent(struct daybook_text text);
/* #N/A, #REF! and the other errors that spreadsheets write. */
bool cell_is_error(struct daybook_text text);
/* A box that nobody ticked: FALSE ☐ □. */
bool cell_is_unticked(struct daybook_text text);

/* What the cells of a column tell of its decimal mark. Zero-initialised: nothing yet. */
struct mark_evidence {
    bool comma, dot;
};
void quantity_note_mark(struct daybook_text text, struct mark_evidence *evidence);
/* ',' or '.': what the evidence says; without any, or when it contradicts itself, a comma only where ; parts the cells.
 */
char quantity_mark(struct mark_evidence evidence, char delimiter);
/* A decimal, negative or zero too, perhaps followed by a unit (which points into text, len 0 = none). */
bool quantity_read(struct daybook_text text, char decimal_mark, struct daybook_decimal *ret,
                   struct daybook_text *ret_unit);

enum status_rank { /* how far an order is; the least of its lines' is the order's */
                   STATUS_ON_HOLD = 0,
                   STATUS_PENDING,
                   STATUS_PROCESSING,
                   STATUS_OTHER, /* of the ledger's own workflow */
                   STATUS_IN_PRODUCTION,
                   STATUS_SHIPPED,
                   STATUS_DELIVERED,
                   STATUS_RETURNED,
                   STATUS_CANCELLED,
};
struct status_meaning {
    const char *name; /* "in-production"; static text */
    enum status_rank rank;
    bool keep_word; /* the word says more than the status: it is a note too */
};
/* What a word of a status column means; false when it is unknown. */
bool status_read(struct daybook_text text, struct status_meaning *ret);
/* The built-in status of that name ("in-production"); false when there is none. */
bool status_by_name(const char *name, struct status_meaning *ret);
#endif
