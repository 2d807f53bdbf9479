#include "tests/crash/crowd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/crash/moments.h"
#include "tests/unit/scratch.h"

enum { LIFE_US = 16000, LONG_LIFE_US = 160000, STOP_US = 10000, TICK_US = 500, HUNT_TICKS = 20000, MOMENTS_MAX = 60 };

/* ---- one member */

static void start(struct crowd *crowd, unsigned at)
{
    struct member *m = &crowd->members[at];
    *m = (struct member){.deed = deeds_choose(&crowd->random)};
    m->actor = (struct actor){.record = crowd->record, .root = crowd->root, .member = at};
    m->actor.random = random_next(&crowd->random);
    if (m->deed->choose)
        m->actor.choice = m->deed->choose(&m->actor);
    bool long_life = random_below(&crowd->random, 6) == 0;
    m->dies_us = record_now_us() + random_below(&crowd->random, long_life ? LONG_LIFE_US : LIFE_US);
    bool own_hand = random_below(&crowd->random, 3) == 0;
    unsigned death = own_hand && !crowd->spare ? 1 + random_below(&crowd->random, MOMENTS_MAX) : 0;
    fflush(NULL);
    m->pid = fork();
    if (m->pid == 0) {
        moments_watch(crowd->record, at, death);
        m->deed->run(&m->actor);
        _exit(1);
    }
}

static void complain_of(struct crowd *crowd, const struct member *m, int status)
{
    char path[PATH_SIZE_MAX], said[300] = "";
    deeds_answer_path(&m->actor, path);
    FILE *answer = fopen(path, "re");
    if (answer) {
        said[fread(said, 1, sizeof said - 1, answer)] = '\0';
        fclose(answer);
    }
    record_complain(crowd->record, "\"%s\" ended with status %#x and said: %s", m->deed->name, (unsigned)status, said);
}

static void note_end(struct crowd *crowd, struct member *m, int status)
{
    m->pid = 0;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        crowd->kills++;
        return;
    }
    crowd->ended++;
    if (status)
        complain_of(crowd, m, status);
    else if (m->deed->answered)
        m->deed->answered(&m->actor);
    atomic_fetch_add(&crowd->record->programs, status == 0);
}

static void end(struct crowd *crowd, struct member *m)
{
    unsigned holds = atomic_load(&crowd->record->holds[m->actor.member]);
    int status;
    kill(m->pid, SIGKILL);
    waitpid(m->pid, &status, 0);
    if (WIFSIGNALED(status)) {
        for (int i = 0; i < HOLDING_COUNT; i++)
            crowd->kills_holding[i] += holds >> i & 1;
        crowd->kills_stopped += m->goes_on_us != 0;
    }
    note_end(crowd, m, status);
}

static void stop(struct crowd *crowd, struct member *m)
{
    kill(m->pid, SIGSTOP);
    m->goes_on_us = record_now_us() + random_below(&crowd->random, STOP_US);
    crowd->stops++;
}

static void look_after(struct crowd *crowd, struct member *m, int64_t now)
{
    int status;
    if (m->pid && waitpid(m->pid, &status, WNOHANG) == m->pid)
        note_end(crowd, m, status);
    if (m->pid && m->dies_us <= now && !crowd->spare)
        end(crowd, m);
    if (m->pid && m->goes_on_us && m->goes_on_us <= now) {
        kill(m->pid, SIGCONT);
        m->goes_on_us = 0;
    }
}

/* ---- all of them */

static struct member *somebody(struct crowd *crowd)
{
    struct member *m = &crowd->members[random_below(&crowd->random, MEMBERS)];
    return m->pid ? m : NULL;
}

static void kill_several(struct crowd *crowd)
{
    unsigned which = random_below(&crowd->random, 1 << MEMBERS);
    for (unsigned i = 0; i < MEMBERS; i++)
        if (which >> i & 1 && crowd->members[i].pid)
            kill(crowd->members[i].pid, SIGKILL);
    for (unsigned i = 0; i < MEMBERS; i++)
        if (which >> i & 1 && crowd->members[i].pid)
            end(crowd, &crowd->members[i]);
}

/* Wait until somebody holds a lock, and kill them while they do. */
static void kill_holder(struct crowd *crowd)
{
    unsigned wanted = random_below(&crowd->random, 2) ? 1u << HOLDS_LOG : 1u << HOLDS_PERSONAL;
    for (unsigned i = 0; i < HUNT_TICKS; i++) {
        struct member *m = &crowd->members[i % MEMBERS];
        if (m->pid && (atomic_load(&crowd->record->holds[m->actor.member]) & wanted)) {
            end(crowd, m);
            return;
        }
    }
}

static void disturb(struct crowd *crowd)
{
    struct member *m = somebody(crowd);
    unsigned chance = random_below(&crowd->random, 100);
    if (chance < 3)
        kill_several(crowd);
    else if (chance < 20)
        kill_holder(crowd);
    else if (chance < 26 && m && !m->goes_on_us)
        stop(crowd, m);
}

void crowd_run(struct crowd *crowd, unsigned count, int64_t end_us)
{
    unsigned before = crowd->kills + crowd->ended;
    while (crowd->kills + crowd->ended - before < count && record_now_us() < end_us) {
        int64_t now = record_now_us();
        for (unsigned i = 0; i < MEMBERS; i++) {
            look_after(crowd, &crowd->members[i], now);
            if (!crowd->members[i].pid)
                start(crowd, i);
        }
        if (!crowd->spare)
            disturb(crowd);
        nanosleep(&(struct timespec){.tv_nsec = (long)random_below(&crowd->random, TICK_US) * 1000}, NULL);
    }
    for (unsigned i = 0; i < MEMBERS; i++) {
        struct member *m = &crowd->members[i];
        int status;
        if (m->pid && !crowd->spare)
            end(crowd, m);
        else if (m->pid && waitpid(m->pid, &status, 0) == m->pid)
            note_end(crowd, m, status);
    }
}
