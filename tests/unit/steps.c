/* Sequences of steps: each runs in a child, so that a crash is a failure like any other and comes down to a few steps
 * as well. */
#include "tests/unit/steps.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/scratch.h"

enum { CHOICE_MAX = 10000, SHRINK_TRIES_MAX = 4000 };

uint32_t draw_below(struct draw *draw, uint32_t limit)
{
    if (!draw->step || draw->at == STEP_CHOICES)
        return 0;
    uint16_t *choice = &draw->step->choices[draw->at++];
    return *choice = (uint16_t)(*choice % limit);
}

void steps_differ(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("# differs: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    _exit(EXIT_FAILURE);
}

void steps_draw(struct steps *steps, size_t count, uint64_t *random)
{
    steps->count = count;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < STEP_CHOICES; j++)
            steps->of[i].choices[j] = (uint16_t)random_below(random, CHOICE_MAX);
}

bool steps_parse(struct steps *steps, const char *text)
{
    memset(steps, 0, sizeof *steps);
    for (size_t choice = 0; *text && steps->count < STEPS_MAX; text++) {
        char *end;
        unsigned long value = strtoul(text, &end, 10);
        if (end == text || value > UINT16_MAX || choice == STEP_CHOICES || !strchr(",;", *end))
            return false;
        steps->of[steps->count].choices[choice++] = (uint16_t)value;
        steps->count += *end != ',';
        choice = *end == ',' ? choice : 0;
        if (!*end)
            return true;
        text = end;
    }
    return false;
}

/* A crash ends the child here, and does not go on as a failed test of cmocka's. */
static void run_here(steps_run *run, struct steps *steps, bool tells)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS};
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        signal(crashes[i], SIG_DFL);
    int nowhere = tells ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0)
        dup2(nowhere, STDERR_FILENO);
    run(steps, tells);
    exit(EXIT_SUCCESS); /* as any program ends: the sanitizer looks for what was not freed */
}

bool steps_hold(steps_run *run, struct steps *steps, bool tells)
{
    int status = 0;
    struct steps *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        abort();
    *shared = *steps;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        run_here(run, shared, tells);
    bool holds = child > 0 && waitpid(child, &status, 0) == child && status == 0;
    if (!holds)
        *steps = *shared;
    munmap(shared, sizeof *shared);
    return holds;
}

static size_t weight(const struct steps *steps)
{
    size_t sum = 0;
    for (size_t i = 0; i < steps->count; i++)
        for (size_t j = 0; j < STEP_CHOICES; j++)
            sum += steps->of[i].choices[j];
    return sum;
}

/* If the candidate fails too, it takes the place of *steps. */
static bool takes(steps_run *run, struct steps *steps, struct steps *candidate, size_t *tries)
{
    size_t count = steps->count, before = weight(steps);
    if (++*tries > SHRINK_TRIES_MAX || steps_hold(run, candidate, false))
        return false;
    if (candidate->count > count || (candidate->count == count && weight(candidate) >= before))
        return false;
    *steps = *candidate;
    return true;
}

static bool leave_out(steps_run *run, struct steps *steps, size_t *tries)
{
    bool any = false;
    for (size_t size = steps->count / 2; size > 0; size /= 2)
        for (size_t at = 0; at + size <= steps->count;) {
            struct steps candidate = *steps;
            candidate.count -= size;
            memmove(&candidate.of[at], &candidate.of[at + size], (candidate.count - at) * sizeof *candidate.of);
            if (takes(run, steps, &candidate, tries))
                any = true;
            else
                at += size;
        }
    return any;
}

static bool make_plainer(steps_run *run, struct steps *steps, size_t *tries)
{
    bool any = false;
    for (size_t i = 0; i < steps->count; i++)
        for (size_t j = 0; j < STEP_CHOICES; j++)
            for (unsigned divisor = UINT16_MAX; i < steps->count && steps->of[i].choices[j]; divisor = 2) {
                struct steps candidate = *steps;
                candidate.of[i].choices[j] = (uint16_t)(candidate.of[i].choices[j] / divisor); /* 0, then halves */
                bool taken = takes(run, steps, &candidate, tries);
                any |= taken;
                if (!taken && divisor == 2)
                    break;
            }
    return any;
}

void steps_shrink(steps_run *run, struct steps *steps)
{
    size_t tries = 0;
    bool shorter = true;
    while (shorter && tries < SHRINK_TRIES_MAX) {
        shorter = leave_out(run, steps, &tries);
        shorter |= make_plainer(run, steps, &tries);
    }
}

void steps_tell(steps_run *run, struct steps *steps)
{
    printf("# %zu steps are left. REPLAY='", steps->count);
    for (size_t i = 0; i < steps->count; i++) {
        size_t used = STEP_CHOICES;
        while (used > 1 && steps->of[i].choices[used - 1] == 0)
            used--;
        for (size_t j = 0; j < used; j++)
            printf("%s%u", j ? "," : i ? ";" : "", steps->of[i].choices[j]);
    }
    printf("'\n");
    steps_hold(run, steps, true);
}
