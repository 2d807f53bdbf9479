/* Random sequences of steps, and how one that fails comes down to a few.
 *
 * A step is a row of small numbers drawn beforehand, which choose what is done, to whom and with which values. What
 * they mean depends on the state at that moment, so any step can be left out and those after it still mean something;
 * 0 should always choose the plainest. */
#ifndef TESTS_UNIT_STEPS_H
#define TESTS_UNIT_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STEP_CHOICES = 40, STEPS_MAX = 200 };

struct step {
    uint16_t choices[STEP_CHOICES];
};
struct steps {
    size_t count;
    struct step of[STEPS_MAX];
};

/* The choices of one step, one after the other. */
struct draw {
    struct step *step; /* each choice is put down as what it came to; NULL: 0 always */
    size_t at;
};
/* 0 .. limit - 1; 0 when the step has no more choices. */
uint32_t draw_below(struct draw *draw, uint32_t limit);

/* Runs in a process of its own; returns when all was as it should be, else ends it by steps_differ. `tells`: print
 * what each step does. */
typedef void steps_run(struct steps *steps, bool tells);
_Noreturn void steps_differ(const char *format, ...) __attribute__((format(printf, 1, 2)));

void steps_draw(struct steps *steps, size_t count, uint64_t *random);
/* Steps as steps_tell prints them. */
bool steps_parse(struct steps *steps, const char *text);
/* Did the sequence end well? If not, *steps is cut after the step that failed. */
bool steps_hold(steps_run *run, struct steps *steps, bool tells);
/* Leave out steps and make values plainer for as long as it still fails. */
void steps_shrink(steps_run *run, struct steps *steps);
/* Print them, for $REPLAY, and run them once more aloud. */
void steps_tell(steps_run *run, struct steps *steps);

#endif
