/* Entries of an audit trail, one after the other, in the format of an output: JSON objects, a CSV row a change, blocks
 * for people. `history` and `audit` print to standard output, `audit-pack` to files. */
#ifndef TOOLS_AUDIT_PRINTER_H
#define TOOLS_AUDIT_PRINTER_H

#include "projections/audit.h"
#include "tools/session.h"

struct audit_printer {
    struct session *session;
    struct output *output;
    uint64_t entries; /* printed so far */
};

int audit_print_begin(struct audit_printer *printer);
/* An audit_visit; `printer` is its context. */
int audit_print_entry(void *printer, const struct audit_entry *entry, struct daybook_error *err);
int audit_print_end(struct audit_printer *printer);

#endif
