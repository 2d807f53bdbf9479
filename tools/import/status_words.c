/* A file has few status words and many rows: each word is looked up once and remembered. */
#include "tools/import/status_words.h"

#include "ledger/text.h"
#include "tools/import/words.h"

#include <stdlib.h>
#include <string.h>

enum { REMEMBERED_MAX = 128 };

struct status_words {
    struct sheet *sheet;
    struct {
        struct daybook_text word;
        struct status_meaning meaning; /* .name NULL: unknown */
    } remembered[REMEMBERED_MAX];
    size_t count;
};

struct status_words *status_words_new(struct sheet *sheet)
{
    struct status_words *words = calloc(1, sizeof *words);

    if (words != NULL)
        words->sheet = sheet;
    return words;
}

void status_words_free(struct status_words *words)
{
    free(words);
}

static bool same_word(struct daybook_text word, const char *literal)
{
    struct daybook_text other = {literal, strlen(literal)};
    struct words a, b;

    if (text_equals(word, other))
        return true;
    return words_read(word, &a) && words_read(other, &b) && a.count > 0 && strcmp(a.bytes, b.bytes) == 0;
}

/* A built-in status by its name, or one of the workflow's. */
static bool named_status(const struct reading_options *options, const char *name, struct status_meaning *ret)
{
    if (status_by_name(name, ret))
        return true;
    for (size_t i = 0; i < options->workflow_status_count; i++) {
        if (strcmp(options->workflow_statuses[i], name) == 0) {
            *ret = (struct status_meaning){options->workflow_statuses[i], STATUS_OTHER, false};
            return true;
        }
    }
    return false;
}

int status_words_check(const struct reading_options *options, struct daybook_error *err)
{
    struct status_meaning meaning;

    for (size_t i = 0; i < options->status_count; i++)
        if (!named_status(options, options->statuses[i].status, &meaning))
            return daybook_fail(err, DAYBOOK_USAGE,
                                "There is no status named %s for the word %s; take pending, processing, shipped …",
                                options->statuses[i].status, options->statuses[i].word);
    return 0;
}

static bool look_up(const struct reading_options *options, struct daybook_text word, struct status_meaning *ret)
{
    for (size_t i = 0; i < options->status_count; i++)
        if (same_word(word, options->statuses[i].word))
            return named_status(options, options->statuses[i].status, ret);
    for (size_t i = 0; i < options->workflow_status_count; i++)
        if (same_word(word, options->workflow_statuses[i]))
            return named_status(options, options->workflow_statuses[i], ret);
    return status_read(word, ret);
}

static void tell_unknown(struct sheet *sheet, struct daybook_text word)
{
    enum { SHOWN_MAX = 120 };
    struct daybook_text shown = {word.ptr, word.len < SHOWN_MAX ? word.len : text_prefix_of_width(word, 40)};

    sheet_doubt(sheet, 0,
                arena_format(sheet->arena,
                             "The status word \"%.*s\" is unknown; say what it means with --status %.*s=STATUS.",
                             (int)shown.len, shown.ptr, (int)shown.len, shown.ptr),
                arena_format(sheet->arena, "状态“%.*s”含义不明，请用 --status %.*s=STATUS 指定。", (int)shown.len,
                             shown.ptr, (int)shown.len, shown.ptr));
}

bool status_words_find(struct status_words *words, struct daybook_text word, struct status_meaning *ret)
{
    struct status_meaning meaning = {0};
    size_t i = 0;

    while (i < words->count && !text_equals(words->remembered[i].word, word))
        i++;
    if (i < words->count) {
        meaning = words->remembered[i].meaning;
    } else {
        bool known = look_up(words->sheet->options, word, &meaning);
        if (words->count < REMEMBERED_MAX) {
            words->remembered[words->count].word = word;
            words->remembered[words->count++].meaning = meaning;
            if (!known)
                tell_unknown(words->sheet, word);
        }
    }
    *ret = meaning;
    return meaning.name != NULL;
}
