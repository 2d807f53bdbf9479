/* Exact decimals: quantities that a float would bend. Every operation says when it does not fit. */
#ifndef LEDGER_DECIMAL_H
#define LEDGER_DECIMAL_H

#include "daybook/value.h"

/* A plain decimal: optional '-', digits, optional '.' and digits ("12", "0.50", ".5", "5."); no exponent, no '+', no
 * spaces. Trailing zeros are cut; "-0" reads as 0. False when it is none, has over 18 significant digits or a scale
 * over 9. */
bool decimal_parse(struct daybook_text text, struct daybook_decimal *ret);
/* The shortest plain form ("12.5", "-3") and NUL. Returns its length. */
size_t decimal_format(struct daybook_decimal value, char out[DAYBOOK_DECIMAL_TEXT_SIZE]);
/* -1, 0, 1; exact for any two valid decimals. */
int decimal_compare(struct daybook_decimal a, struct daybook_decimal b);
/* Exact sum or difference, normalised; false when it does not fit in 18 digits. */
bool decimal_add(struct daybook_decimal a, struct daybook_decimal b, struct daybook_decimal *ret);
bool decimal_subtract(struct daybook_decimal a, struct daybook_decimal b, struct daybook_decimal *ret);
/* Is it in the one stored form: no trailing zeros, scale and digits within limits? */
bool decimal_is_normal(struct daybook_decimal value);

#endif
