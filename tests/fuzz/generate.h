/* Events made from the schema table: any type, any version of it, each field there or not. */
#ifndef TESTS_FUZZ_GENERATE_H
#define TESTS_FUZZ_GENERATE_H

#include "ledger/schema.h"
#include "tests/fuzz/choices.h"

/* An event with its fields; what they point to lives until the next one is made. */
const struct schema_type *generate_event(struct choices *choices, struct daybook_event *event,
                                         struct daybook_data *data);

#endif
