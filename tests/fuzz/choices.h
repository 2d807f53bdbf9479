/* The bytes of a fuzzer's input as a list of choices: what a generator asks for is read from them, and when they are
 * used up every choice is 0. So a mutated input is another thing generated, and never no thing at all. */
#ifndef TESTS_FUZZ_CHOICES_H
#define TESTS_FUZZ_CHOICES_H

#include "daybook/value.h"

struct choices {
    const uint8_t *next;
    size_t left;
};

uint8_t choose_byte(struct choices *choices);
/* 0 .. below - 1 */
uint32_t choose(struct choices *choices, uint32_t below);
/* Up to 8 bytes of a number, small ones more often than large ones. */
uint64_t choose_number(struct choices *choices);
/* Valid UTF-8 of one, two, three and four bytes a character, without NUL; lives in `out`. */
enum { CHOSEN_TEXT_SIZE = 64 };
struct daybook_text choose_text(struct choices *choices, char out[CHOSEN_TEXT_SIZE]);

/* Ends the program when a promise is broken: the fuzzer then keeps the input. */
void require(bool holds);

#endif
