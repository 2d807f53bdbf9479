/* The ledger's own fields: what `field list` and `schema` say of them. */
#ifndef TOOLS_OWN_FIELDS_H
#define TOOLS_OWN_FIELDS_H

#include "tools/session.h"

/* One field as JSON: {"name","kind","required","public","choices":[…]}. The caller ends *ret with json_decref. */
int own_field_json(struct session *session, uint32_t field, json_t **ret);
/* All of them in the order in which they were defined, as an array. */
int own_fields_json(struct session *session, json_t **ret);

#endif
