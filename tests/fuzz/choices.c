/* Choices read from a fuzzer's input. */
#include "tests/fuzz/choices.h"

#include <stdlib.h>
#include <string.h>

void require(bool holds)
{
    if (!holds)
        abort();
}

uint8_t choose_byte(struct choices *choices)
{
    if (choices->left == 0)
        return 0;
    choices->left--;
    return *choices->next++;
}

uint32_t choose(struct choices *choices, uint32_t below)
{
    uint32_t value = choose_byte(choices);
    return below > 256 ? (value << 8 | choose_byte(choices)) % below : value % below;
}

uint64_t choose_number(struct choices *choices)
{
    uint64_t number = 0;
    for (uint32_t bytes = choose(choices, 9); bytes > 0; bytes--)
        number = number << 8 | choose_byte(choices);
    return number;
}

struct daybook_text choose_text(struct choices *choices, char out[CHOSEN_TEXT_SIZE])
{
    static const char *const beyond_ascii[] = {"é", "ß", "万", "泰", "１", "\xef\xbb\xbf", "𠮷", "\xe2\x80\xae"};
    enum { PIECE_MAX = 4 };
    size_t len = 0;
    for (uint32_t left = choose(choices, CHOSEN_TEXT_SIZE - PIECE_MAX); left > 0; left--) {
        uint8_t byte = choose_byte(choices);
        if (len + PIECE_MAX > CHOSEN_TEXT_SIZE)
            break;
        const char *piece = beyond_ascii[byte % (sizeof beyond_ascii / sizeof *beyond_ascii)];
        if (byte >= 0x80) {
            memcpy(out + len, piece, strlen(piece));
            len += strlen(piece);
        } else {
            out[len++] = (char)(byte ? byte : ' ');
        }
    }
    return (struct daybook_text){out, len};
}
