/* Word distance for suggestions: by code points, so that a Chinese character counts as one mistake, not three. */
#include "tools/cli/suggest.h"

#include <stdint.h>
#include <string.h>

/* The code points of valid UTF-8; their number, or SUGGEST_TOO_FAR when there are too many. */
static size_t decode(const char *text, uint32_t points[SUGGEST_LENGTH_MAX])
{
    size_t count = 0;

    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if ((*at & 0xC0) == 0x80) {
            points[count - 1] = points[count - 1] << 6 | (*at & 0x3F);
            continue;
        }
        if (count == SUGGEST_LENGTH_MAX)
            return SUGGEST_TOO_FAR;
        points[count++] = *at < 0x80 ? *at : *at & (*at < 0xE0 ? 0x1F : *at < 0xF0 ? 0x0F : 0x07);
    }
    return count;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count)
{
    /* cost[i % 3][j]: the first i points of a against the first j of b; swaps look two rows back. */
    size_t cost[3][SUGGEST_LENGTH_MAX + 1];

    for (size_t i = 0; i <= a_count; i++) {
        size_t *row = cost[i % 3];
        const size_t *above = cost[(i + 2) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b_count; j++) {
            if (i == 0) {
                row[j] = j;
                continue;
            }
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], cost[(i + 1) % 3][j - 2] + 1);
        }
    }
    return cost[a_count % 3][b_count];
}

size_t suggest_distance(const char *typed, const char *candidate)
{
    uint32_t a[SUGGEST_LENGTH_MAX], b[SUGGEST_LENGTH_MAX];
    size_t a_count = decode(typed, a), b_count = decode(candidate, b), far;

    if (a_count == SUGGEST_TOO_FAR || b_count == SUGGEST_TOO_FAR || a_count == 0)
        return SUGGEST_TOO_FAR;
    if (a_count < b_count && strncmp(typed, candidate, strlen(typed)) == 0)
        return 1;
    far = distance(a, a_count, b, b_count);
    return 3 * far <= (a_count > b_count ? a_count : b_count) ? far : SUGGEST_TOO_FAR;
}
