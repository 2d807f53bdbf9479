/* Proofs as files in their two forms: the text that others read too, and JSON, which can also show personal values.
 *
 *     inclusion     a tlog-proof, or {"kind":"inclusion","leaf_index","tree_size","leaf_hash","root_hash","hashes",
 *                   "event","checkpoint","shown"}
 *     consistency   an add-checkpoint body, or {"kind":"consistency","old_size","old_root_hash","tree_size",..}
 *     order         tlog-proofs of all events of an order, one behind the other, each whole; or {"kind":"order",
 *                   "order_no","tree_size","root_hash","checkpoint","events":[what an inclusion says of each]}
 *
 * Bytes are base64 in JSON; what is shown is [{"field","salt","value"}]. A file that was read is not trusted: only its
 * form is right, and what it says twice it says alike. */
#ifndef TOOLS_PROOF_DOCUMENT_H
#define TOOLS_PROOF_DOCUMENT_H

#include <jansson.h>

#include "ledger/evidence.h"

enum proof_document_kind {
    PROOF_DOCUMENT_INCLUSION,
    PROOF_DOCUMENT_CONSISTENCY,
    PROOF_DOCUMENT_ORDER,
};

/* Starts as {0}; ends with proof_document_close. */
struct proof_document {
    enum proof_document_kind kind;
    struct daybook_text checkpoint; /* the signed note; of all proofs in it */
    struct proof_consistency_file consistency;
    struct proof_inclusion_file *item; /* the one that was read last */
    json_t *shown;                     /* of that one: an array, or NULL */
    uint64_t count;                    /* of items read */
    /* Private: */
    struct daybook_text rest;
    json_t *json;
    size_t next;
};

/* `text` stays with the caller as long as the document is open. DAYBOOK_VERIFICATION_FAILED when it is no proof. */
int proof_document_open(struct daybook_text text, struct proof_document *ret, struct daybook_error *err);
/* The next proof of an event into document->item; *ret_any is false at the end. DAYBOOK_VERIFICATION_FAILED. */
int proof_document_next(struct proof_document *document, bool *ret_any, struct daybook_error *err);
void proof_document_close(struct proof_document *document);

/* Does a checkpoint, once read, say what the JSON says of it? */
bool proof_document_agrees(const struct proof_document *document, const struct checkpoint *checkpoint);

/* As JSON; NULL when out of memory. `shown` is taken, and may be NULL. */
json_t *proof_inclusion_json(const struct proof_inclusion_file *file, const struct checkpoint *checkpoint,
                             json_t *shown);
json_t *proof_consistency_json(const struct proof_consistency_file *file, const struct checkpoint *checkpoint,
                               const struct tree_hash *old_root);
/* What an order's "events" has of each: the same without what is said once. */
json_t *proof_event_json(const struct proof_inclusion_file *file, json_t *shown);
/* Around them; `events` is taken. */
json_t *proof_order_json(const char *order_no, size_t len, const char *note, const struct checkpoint *checkpoint,
                         json_t *events);

#endif
