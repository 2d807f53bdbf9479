/* An entry on its way into the log: its lists. */
#include "ledger/entry.h"

#include <stdlib.h>

#include "ledger/schema.h"

void entry_reset(struct entry *entry)
{
    struct entry kept = *entry;
    arena_reset(&kept.arena);
    *entry = (struct entry){.arena = kept.arena,
                            .events = kept.events,
                            .event_capacity = kept.event_capacity,
                            .names = kept.names,
                            .name_capacity = kept.name_capacity,
                            .new_kinds = kept.new_kinds,
                            .new_ordinals = kept.new_ordinals,
                            .new_capacity = kept.new_capacity};
}

void entry_release(struct entry *entry)
{
    arena_release(&entry->arena);
    free(entry->events);
    free(entry->names);
    free(entry->new_kinds);
    free(entry->new_ordinals);
    *entry = (struct entry){0};
}

struct entry_event *entry_add_event(struct entry *entry, uint32_t type, uint32_t ordinal)
{
    if (entry->event_count == entry->event_capacity) {
        size_t wanted = entry->event_capacity ? entry->event_capacity * 2 : 8;
        struct entry_event *bigger = realloc(entry->events, wanted * sizeof *bigger);
        if (!bigger)
            return NULL;
        entry->events = bigger;
        entry->event_capacity = wanted;
    }
    const struct schema_type *schema = schema_by_wire(type);
    struct entry_event *added = &entry->events[entry->event_count++];
    added->day_filled_in = false;
    added->event = (struct daybook_event){.type = type,
                                          .version = schema->version,
                                          .kind = schema->subject,
                                          .ordinal = ordinal,
                                          .occurred_on = DAYBOOK_DAY_NONE,
                                          .occurred_us = DAYBOOK_INSTANT_NONE};
    data_init(&added->data);
    return added;
}

int entry_add_name(struct entry *entry, struct entry_name name, struct daybook_error *err)
{
    if (entry->name_count == entry->name_capacity) {
        size_t wanted = entry->name_capacity ? entry->name_capacity * 2 : 8;
        struct entry_name *bigger = realloc(entry->names, wanted * sizeof *bigger);
        if (!bigger)
            return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for an entry.");
        entry->names = bigger;
        entry->name_capacity = wanted;
    }
    entry->names[entry->name_count++] = name;
    return 0;
}

uint32_t entry_add_subject(struct entry *entry, uint32_t kind)
{
    if (entry->new_count == entry->new_capacity) {
        size_t wanted = entry->new_capacity ? entry->new_capacity * 2 : 8;
        uint32_t *kinds = realloc(entry->new_kinds, wanted * sizeof *kinds);
        if (kinds)
            entry->new_kinds = kinds;
        uint32_t *ordinals = realloc(entry->new_ordinals, wanted * sizeof *ordinals);
        if (ordinals)
            entry->new_ordinals = ordinals;
        if (!kinds || !ordinals)
            return 0;
        entry->new_capacity = wanted;
    }
    entry->new_kinds[entry->new_count] = kind;
    return ENTRY_NEW | (uint32_t)entry->new_count++;
}
