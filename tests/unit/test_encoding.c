/* Bytes of a file -> UTF-8, or the reason why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/import/encoding.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BYTES(literal) (literal), sizeof(literal) - 1

struct encoding_case {
    const char *bytes;
    size_t len;
    const char *encoding, *text; /* text NULL: refused */
    int code;
    bool guessed;
};

static void test_encodings(void **state)
{
    static const struct encoding_case cases[] = {
        {BYTES("plain"), NULL, "plain", 0, false},
        {BYTES(""), NULL, "", 0, false},
        {BYTES("\xE5\x8D\x95"), NULL, "单", 0, false},
        {BYTES("\xEF\xBB\xBF\xE5\x8D\x95"), NULL, "单", 0, false},
        {BYTES("\xEF\xBB\xBF"), NULL, "", 0, false},
        {BYTES("\xFF\xFE\x55\x53\x31\x00"), NULL, "单1", 0, false},
        {BYTES("\xFE\xFF\x53\x55\x00\x31"), NULL, "单1", 0, false},
        {BYTES("\xB5\xA5\xBA\xC5"), NULL, "单号", 0, true},     /* GBK */
        {BYTES("\x81\x30\x81\x30"), NULL, "\xC2\x80", 0, true}, /* four bytes of GB18030 */
        {BYTES("\xB3\xE6\xB8\xB9"), "BIG5", "單號", 0, false},
        {BYTES("caf\xE9"), "WINDOWS-1252", "café", 0, false},
        {BYTES("\x55\x53\x31\x00"), "UTF-16LE", "单1", 0, false},
        /* cut, overlong, surrogates, lost characters */
        {BYTES("a\xE5"), NULL, NULL, DAYBOOK_BAD_ENCODING, false},
        {BYTES("\xFF\xFE\x55"), NULL, NULL, DAYBOOK_BAD_ENCODING, false},
        {BYTES("\xFF\xFE\x00\xD8\x31\x00"), NULL, NULL, DAYBOOK_BAD_ENCODING, false},
        {BYTES("\xEF\xBB\xBF\xB5\xA5"), NULL, NULL, DAYBOOK_BAD_ENCODING, false},
        {BYTES("\xC0\x80\xFF"), NULL, NULL, DAYBOOK_BAD_ENCODING, false},
        {BYTES("a\xEF\xBF\xBD"), NULL, NULL, DAYBOOK_BAD_ENCODING, false},
        {BYTES("caf\xE9"), "ASCII", NULL, DAYBOOK_BAD_ENCODING, false},
        {BYTES("x"), "no-such-encoding", NULL, DAYBOOK_USAGE, false},
        {BYTES("a\0b"), NULL, NULL, DAYBOOK_BAD_TEXT, false},
        {BYTES("\xFF\xFE\x00\x00"), NULL, NULL, DAYBOOK_BAD_TEXT, false},
        {BYTES("a\0b"), "UTF-8", NULL, DAYBOOK_BAD_TEXT, false},
        /* no text at all */
        {BYTES("PK\003\004"), NULL, NULL, DAYBOOK_NOT_A_WORKBOOK, false},
        {BYTES("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), NULL, NULL, DAYBOOK_NOT_A_WORKBOOK, false},
        {BYTES("\r\n <HTML><body>"), NULL, NULL, DAYBOOK_NOT_A_WORKBOOK, false},
        {BYTES("\xEF\xBB\xBF<!DOCTYPE html>"), NULL, NULL, DAYBOOK_NOT_A_WORKBOOK, false},
        {BYTES("<?xml version='1.0'?>"), NULL, NULL, DAYBOOK_NOT_A_WORKBOOK, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct encoded_bytes bytes = {malloc(cases[i].len + 1), cases[i].len};
        struct daybook_error err = {0};
        bool guessed = false;
        assert_non_null(bytes.ptr);
        memcpy(bytes.ptr, cases[i].bytes, cases[i].len);
        int code = encoding_to_utf8(&bytes, cases[i].encoding, &guessed, &err);
        assert_int_equal(code, cases[i].code);
        assert_int_equal(err.code, code);
        if (code == 0) {
            assert_int_equal(bytes.len, strlen(cases[i].text));
            assert_memory_equal(bytes.ptr, cases[i].text, bytes.len);
            assert_int_equal(guessed, cases[i].guessed);
        }
        free(bytes.ptr);
    }
}

static void test_files(void **state)
{
    struct encoded_bytes bytes = {0};
    struct daybook_error err = {0};

    (void)state;
    assert_int_equal(encoding_read_file("tests/data/orders_ambiguous.csv", &bytes, &err), 0);
    assert_int_equal(bytes.len, 377);
    free(bytes.ptr);
    assert_int_equal(encoding_read_file("tests/data/no-such-file.csv", &bytes, &err), DAYBOOK_IO);
    assert_int_equal(encoding_read_file("tests/data", &bytes, &err), DAYBOOK_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
