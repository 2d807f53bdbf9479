/* README.txt: a page in the language asked for, with what this pack is filled in.
 *
 * The pages are templates: {word} stands for a value; a line @sample, @nosample or @all says for which packs the lines
 * after it are. */
#include <string.h>

#include "daybook/version.h"
#include "ledger/date.h"
#include "tools/embed.h"
#include "tools/pack/work.h"

EMBED_TEXT(pack_readme_en, "tools/pack/readme.en.txt");
EMBED_TEXT(pack_readme_zh, "tools/pack/readme.zh.txt");

enum { VALUE_SIZE = 64 };

struct word {
    const char *name;
    struct daybook_text value;
};

/* What the words of a template stand for in this pack. */
struct page {
    FILE *stream;
    bool draws;
    struct word words[24];
    size_t word_count;
    char values[24][VALUE_SIZE];
    char which[200];
};

static void define(struct page *page, const char *name, struct daybook_text value)
{
    page->words[page->word_count++] = (struct word){name, value};
}

static void define_string(struct page *page, const char *name, const char *value)
{
    define(page, name, (struct daybook_text){value, strlen(value)});
}

static void define_number(struct page *page, const char *name, uint64_t number)
{
    char *value = page->values[page->word_count];
    snprintf(value, VALUE_SIZE, "%llu", (unsigned long long)number);
    define_string(page, name, value);
}

static void define_day(struct page *page, const char *name, int32_t day)
{
    char *value = page->values[page->word_count];
    date_format(day, value);
    define_string(page, name, value);
}

static void define_instant(struct page *page, const char *name, int64_t instant_us)
{
    char *value = page->values[page->word_count];
    instant_format(instant_us, value);
    define_string(page, name, value);
}

/* "They are the events 12 to 40 …" */
static void say_which(struct page *page, const struct pack *pack)
{
    const struct context *ctx = pack->session->ctx;
    if (pack->totals.events)
        snprintf(page->which, sizeof page->which,
                 say(ctx,
                     "They are the events with seq %llu to %llu: numbers without a gap, so that\n"
                     "you can see that none was left out.",
                     "它们是 seq %llu 至 %llu 的事件：编号连续，可见无一遗漏。"),
                 (unsigned long long)pack->before + 1, (unsigned long long)pack->end);
    else
        snprintf(page->which, sizeof page->which, "%s",
                 say(ctx, "There are none: nothing was recorded in it.", "期间内没有记录任何事件。"));
}

static void define_words(struct page *page, const struct pack *pack)
{
    const struct context *ctx = pack->session->ctx;
    char *recorded = page->values[sizeof page->values / sizeof *page->values - 1];
    if (pack->size)
        session_local_time(pack->session, pack->last_recorded_us, recorded);
    define_string(page, "origin", pack->origin);
    define_day(page, "since", pack->request->since_on);
    define_day(page, "until", pack->request->until_on);
    define_string(page, "timezone", daybook_timezone(pack->session->ledger));
    define_number(page, "events", pack->totals.events);
    define_number(page, "orders", pack->totals.orders);
    define_instant(page, "begins", pack->begins_us);
    define_instant(page, "ends", pack->ends_us);
    define_string(page, "which", page->which);
    define_number(page, "last", pack->end);
    define_number(page, "size", pack->size);
    define_string(page, "last_recorded", pack->size ? recorded : "-");
    define_string(page, "version", DAYBOOK_VERSION);
    define_number(page, "sample", pack->request->sample);
    define_number(page, "drawn", pack->sample.count);
    define(page, "seed", pack->request->seed);
    define_string(page, "thesample",
                  page->draws ? say(ctx, ",\n     the draw, and every proof of the sample", "、抽样及样本的全部证明")
                              : "");
}

static void put_line(const struct page *page, const char *line, size_t len)
{
    for (size_t at = 0; at < len; at++) {
        size_t i = page->word_count;
        if (line[at] == '{')
            for (i = 0; i < page->word_count; i++) {
                size_t name = strlen(page->words[i].name);
                if (at + name + 1 < len && memcmp(line + at + 1, page->words[i].name, name) == 0 &&
                    line[at + 1 + name] == '}')
                    break;
            }
        if (i == page->word_count) {
            fputc(line[at], page->stream);
            continue;
        }
        fwrite(page->words[i].value.ptr, 1, page->words[i].value.len, page->stream);
        at += strlen(page->words[i].name) + 1;
    }
}

static bool begins(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

static void put_page(const struct page *page, const char *template)
{
    bool shown = true;
    for (const char *line = template, *end; (end = strchr(line, '\n')); line = end + 1) {
        if (*line == '@')
            shown = begins(line, "@all") || begins(line, page->draws ? "@sample" : "@nosample");
        else if (shown)
            put_line(page, line, (size_t)(end + 1 - line));
    }
}

int pack_write_readme(struct pack *pack)
{
    struct pack_file file;
    int rc = pack_open(pack, "README.txt", &file);
    if (rc)
        return rc;
    struct page page = {.stream = file.stream, .draws = pack->request->draws};
    say_which(&page, pack);
    define_words(&page, pack);
    put_page(&page, pack->session->ctx->language == LANGUAGE_ZH ? pack_readme_zh : pack_readme_en);
    return pack_close(&file, 0);
}
