/* The list of errors turned into names and classes, and the one way to report a failure.
 *
 * Everything comes from DAYBOOK_ERRORS, so a new error is one line in the public header. */
#include "daybook/error.h"
#include "daybook/version.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    enum daybook_error_class class;
} codes[DAYBOOK_CODE_COUNT] = {
#define X(name, text, class) [DAYBOOK_##name] = {text, DAYBOOK_CLASS_##class},
    DAYBOOK_ERRORS(X)
#undef X
};

static int is_code(int code)
{
    return code >= 0 && code < DAYBOOK_CODE_COUNT;
}

const char *daybook_code_name(int code)
{
    return is_code(code) ? codes[code].name : "unknown";
}

enum daybook_error_class daybook_code_class(int code)
{
    return is_code(code) ? codes[code].class : DAYBOOK_CLASS_ENVIRONMENT;
}

/* vsnprintf cuts anywhere; a message that ends in half a character would not be UTF-8. */
static void cut_at_character(char *message, size_t cut)
{
    while (cut > 0 && ((unsigned char)message[cut] & 0xC0) == 0x80) {
        cut--;
    }
    message[cut] = '\0';
}

int daybook_fail(struct daybook_error *err, int code, const char *format, ...)
{
    if (err == NULL) {
        return code;
    }
    /* One byte more than the message shows whether the cut fell inside a character. */
    char text[sizeof(err->message) + 1];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len < 0) {
        text[0] = '\0';
    } else if ((size_t)len >= sizeof(err->message)) {
        cut_at_character(text, sizeof(err->message) - 1);
    }
    err->code = code;
    memcpy(err->message, text, strlen(text) + 1);
    return code;
}

const char *daybook_version(void)
{
    return DAYBOOK_VERSION;
}
