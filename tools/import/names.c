/* Names as people compare them. Most are ASCII or equal byte for byte, so Unicode's tables are asked only where they
 * matter. */
#include "ledger/text.h"
#include "tools/import/hash_index.h"
#include "tools/import/sheet.h"
#include "tools/memory.h"

#include <stdlib.h>

static bool is_ascii(struct daybook_text text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 0x80)
            return false;
    return true;
}

static uint64_t hash_ascii(uint64_t hash, struct daybook_text name)
{
    char piece[64];
    size_t used = 0;
    bool after_blank = false;

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool blank = c == ' ' || (c >= '\t' && c <= '\r');
        if (blank && after_blank)
            continue;
        after_blank = blank;
        piece[used++] = blank ? ' ' : (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        if (used == sizeof piece) {
            hash = hash_bytes(hash, piece, used);
            used = 0;
        }
    }
    return hash_bytes(hash, piece, used);
}

uint64_t name_hash(uint64_t start, struct daybook_text name)
{
    size_t len = 0;
    char *folded = is_ascii(name) ? NULL : text_fold(name, &len);
    if (!is_ascii(name))
        memory_note(folded, name);
    uint64_t hash = hash_ascii(start, folded != NULL ? (struct daybook_text){folded, len} : name);

    free(folded);
    return hash;
}

bool names_equal(struct daybook_text a, struct daybook_text b)
{
    size_t len_a = 0;
    size_t len_b = 0;

    if (text_equals(a, b))
        return true;
    char *folded_a = text_fold(a, &len_a);
    char *folded_b = text_fold(b, &len_b);
    memory_note(folded_a, a);
    memory_note(folded_b, b);
    bool equal = folded_a != NULL && folded_b != NULL &&
                 text_equals((struct daybook_text){folded_a, len_a}, (struct daybook_text){folded_b, len_b});
    free(folded_a);
    free(folded_b);
    return equal;
}
