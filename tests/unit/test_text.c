/* Text: valid or not, trimmed, folded, measured. Expected bytes are spelled out by hand from the Unicode tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <utf8proc.h>

#include "ledger/text.h"

static struct daybook_text text_of(const char *s)
{
    return (struct daybook_text){s, strlen(s)};
}

static void assert_text(struct daybook_text got, const char *expected)
{
    assert_int_equal(got.len, strlen(expected));
    assert_memory_equal(got.ptr, expected, got.len);
}

static void validity(void **state)
{
    (void)state;
    static const char *const good[] = {
        "", "abc", "王小明", "\xc3\xa9", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "\xef\xbb\xbf",
    };
    static const char *const bad[] = {
        "\x80",             /* continuation alone */
        "a\xc3",            /* cut */
        "\xe7\x8e",         /* cut */
        "\xf0\x9f\x98",     /* cut */
        "\xc0\xaf",         /* overlong */
        "\xe0\x80\xaf",     /* overlong */
        "\xf0\x80\x80\xaf", /* overlong */
        "\xed\xa0\x80",     /* surrogate */
        "\xf4\x90\x80\x80", /* above U+10FFFF */
        "\xff",
        "\xc3(",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(text_is_valid(text_of(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(text_is_valid(text_of(bad[i])));
    }
    assert_true(text_is_valid(DAYBOOK_TEXT_NONE));
    assert_false(text_is_valid(DAYBOOK_TEXT("a\0b")));
    /* A character must not be completed by bytes behind the text. */
    assert_false(text_is_valid((struct daybook_text){"\xe7\x8e\x8b", 2}));
}

static void equal_and_ordered(void **state)
{
    (void)state;
    assert_true(text_equals(text_of("a"), text_of("a")));
    assert_false(text_equals(text_of("a"), text_of("ab")));
    assert_true(text_equals(DAYBOOK_TEXT_NONE, DAYBOOK_TEXT_NONE));
    static const char *const ascending[] = {"", "A", "AB", "a", "\xc3\xa9", "\xef\xbf\xbd", "\xf0\x90\x80\x80"};
    int count = sizeof(ascending) / sizeof(ascending[0]);
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < count; j++) {
            assert_int_equal(text_compare(text_of(ascending[i]), text_of(ascending[j])), (i > j) - (i < j));
        }
    }
}

static void trimming(void **state)
{
    (void)state;
    static const struct {
        const char *text, *trimmed;
    } cases[] = {
        {"", ""},
        {"a", "a"},
        {"  a b\t\r\n", "a b"},
        {" \t ", ""},
        {"\xc2\xa0x\xc2\xa0", "x"},                       /* no-break space */
        {"\xe3\x80\x80王\xe3\x80\x80小\xe3\x80\x80", "王\xe3\x80\x80小"}, /* ideographic space */
        {"\xef\xbb\xbfid", "id"},                         /* byte order mark */
        {"\xe2\x80\x89x\xe2\x80\xa8", "x"},               /* thin space, line separator */
        {"\xe1\x9a\x80x\xc2\x85", "x"},                   /* ogham space, next line */
        {" \x80 ", "\x80"},                               /* bad bytes stay */
        {"\x80\xa0", "\x80\xa0"},
        {"x\xa0", "x\xa0"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_text(text_trim(text_of(cases[i].text)), cases[i].trimmed);
    }
    assert_int_equal(text_trim(DAYBOOK_TEXT_NONE).len, 0);
}

static void folding(void **state)
{
    (void)state;
    static const struct {
        const char *text, *folded, *nfkc;
    } cases[] = {
        {"", "", ""},
        {" ACME  GmbH\t", "acme gmbh", "ACME  GmbH"},
        {"Ｏ－１２３", "o-123", "O-123"},                          /* full width */
        {"cafe\xcc\x81", "caf\xc3\xa9", "caf\xc3\xa9"},           /* combining acute */
        {"STRASSE", "strasse", "STRASSE"},
        {"Straße", "strasse", "Straße"},
        {"王\xe3\x80\x80小明", "王 小明", "王 小明"},
        {"a \xe3\x80\x80\xc2\xa0 b", "a b", "a    b"},
        {"\xef\xac\x81n", "fin", "fin"},                           /* ligature */
        {"Ｎｏ．①", "no.1", "No.1"},
        {"ΣΑΣ", "σασ", "ΣΑΣ"},
        {"a\xe2\x80\xa8" "b", "a b", "a\xe2\x80\xa8" "b"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t len = 99;
        char *folded = text_fold(text_of(cases[i].text), &len);
        assert_non_null(folded);
        assert_string_equal(folded, cases[i].folded);
        assert_int_equal(len, strlen(cases[i].folded));
        char *again = text_fold((struct daybook_text){folded, len}, &len);
        assert_string_equal(again, folded);
        char *nfkc = text_nfkc(text_of(cases[i].text), &len);
        assert_string_equal(nfkc, cases[i].nfkc);
        assert_int_equal(len, strlen(cases[i].nfkc));
        free(folded);
        free(again);
        free(nfkc);
    }
    size_t len = 99;
    assert_null(text_fold(text_of("a\xff"), &len));
    assert_null(text_nfkc(DAYBOOK_TEXT("a\0b"), &len));
    assert_int_equal(len, 99);
    char *none = text_fold(DAYBOOK_TEXT_NONE, &len);
    assert_string_equal(none, "");
    free(none);
}

/* Text within two characters that are not ASCII, and do not combine, goes the long way through the tables. */
static void assert_both_ways(const char *ascii, size_t len)
{
    static const char edge[] = "\xce\xb1"; /* alpha: folds to itself */
    char framed[64];
    size_t long_len = 0, short_len = 0;
    memcpy(framed, edge, 2);
    memcpy(framed + 2, ascii, len);
    memcpy(framed + 2 + len, edge, 2);
    struct daybook_text inner = text_trim((struct daybook_text){ascii, len});
    char *long_way = text_fold((struct daybook_text){framed, len + 4}, &long_len);
    char *short_way = text_fold((struct daybook_text){ascii, len}, &short_len);
    assert_non_null(long_way);
    assert_non_null(short_way);
    struct daybook_text between = text_trim((struct daybook_text){long_way + 2, long_len - 4});
    assert_int_equal(short_len, between.len);
    assert_memory_equal(short_way, between.ptr, short_len);
    assert_int_equal(short_way[short_len], 0);
    free(long_way);
    free(short_way);
    long_way = text_nfkc((struct daybook_text){framed, len + 4}, &long_len);
    short_way = text_nfkc((struct daybook_text){ascii, len}, &short_len);
    assert_int_equal(long_len, len + 4);
    assert_int_equal(short_len, inner.len);
    assert_memory_equal(short_way, text_trim((struct daybook_text){long_way + 2, len}).ptr, short_len);
    free(long_way);
    free(short_way);
}

static void ascii_in_short(void **state)
{
    (void)state;
    static const char odd[] = " \t\r\nAZaz@[`{\x01\x1f\x7f";
    for (int a = 1; a < 0x80; a++)
        for (int b = 1; b < 0x80; b++)
            assert_both_ways((char[]){(char)a, (char)b}, 2);
    uint64_t seed = 7;
    for (int i = 0; i < 20000; i++) {
        char text[24];
        size_t len = (size_t)(i % 24);
        for (size_t j = 0; j < len; j++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            uint32_t draw = (uint32_t)(seed >> 33);
            text[j] = draw & 1 ? odd[draw / 2 % (sizeof odd - 1)] : (char)(1 + draw / 2 % 0x7f);
        }
        assert_both_ways(text, len);
    }
    char out[8];
    size_t len = 99;
    assert_false(text_fold_ascii(text_of("a\xc3\xa9"), out, &len));
    assert_false(text_nfkc_ascii(DAYBOOK_TEXT("a\0b"), out, &len));
    assert_int_equal(len, 99);
}

static void width(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t width;
    } cases[] = {
        {"", 0}, {"abc", 3}, {"王小明", 6}, {"a王", 3}, {"e\xcc\x81", 1}, {"\xc3\xa9", 1}, {"Ａ", 2},
        {"\xf0\x9f\x98\x80", 2}, {"\xff\xff", 2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(text_width(text_of(cases[i].text)), cases[i].width);
    }
}

static void prefixes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t width;
        size_t bytes;
    } cases[] = {
        {"abc", 0, 0}, {"abc", 2, 2}, {"abc", 9, 3}, {"王小明", 1, 0}, {"王小明", 2, 3}, {"王小明", 5, 6},
        {"王小明", 6, 9}, {"e\xcc\x81x", 1, 3}, {"\xff\xff", 1, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(text_prefix_of_width(text_of(cases[i].text), cases[i].width), cases[i].bytes);
    }
}

/* Plain ASCII does not go through the tables of utf8proc; it must look as if it had. */
static void ascii_as_by_utf8proc(void **state)
{
    (void)state;
    char text[64];
    for (int i = 0; i < 20000; i++) {
        size_t len = (size_t)rand() % (sizeof text - 1), fold_len = 0, nfkc_len = 0;
        for (size_t j = 0; j < len; j++)
            text[j] = (char)(1 + rand() % 127);
        text[len] = '\0';
        struct daybook_text given = {text, len};
        char *nfkc = text_nfkc(given, &nfkc_len), *fold = text_fold(given, &fold_len);
        utf8proc_uint8_t *mapped = NULL;
        utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
        utf8proc_ssize_t mapped_len =
            utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, &mapped, options);
        struct daybook_text expected = text_trim((struct daybook_text){(char *)mapped, (size_t)mapped_len});
        assert_true(mapped_len >= 0 && text_is_valid(given));
        assert_true(text_equals((struct daybook_text){nfkc, nfkc_len}, expected));
        free(mapped);
        mapped_len = utf8proc_map((const utf8proc_uint8_t *)nfkc, (utf8proc_ssize_t)nfkc_len, &mapped,
                                  options | UTF8PROC_CASEFOLD);
        for (size_t from = 0, to = 0; from < (size_t)mapped_len || to < fold_len; to++) {
            bool is_blank = strchr(" \t\n\v\f\r", mapped[from]) != NULL;
            assert_int_equal(fold[to], is_blank ? ' ' : mapped[from]);
            from += is_blank ? strspn((char *)mapped + from, " \t\n\v\f\r") : 1;
        }
        text[len / 2] = '\0';
        assert_int_equal(text_is_valid(given), len == 0);
        free(mapped);
        free(nfkc);
        free(fold);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validity), cmocka_unit_test(equal_and_ordered), cmocka_unit_test(trimming),
        cmocka_unit_test(folding),  cmocka_unit_test(ascii_in_short),    cmocka_unit_test(width),
        cmocka_unit_test(prefixes), cmocka_unit_test(ascii_as_by_utf8proc),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
