/* The rows of writing. */
#include "tools/bench/append.h"

#include <pthread.h>
#include <stdlib.h>

int append_bulk(struct daybook *ledger, const struct workload *workload, struct batch *batch, struct report *report,
                struct daybook_error *err)
{
    double seconds = 0;
    int rc = 0;
    for (size_t done = 0; done < workload->count && !rc; done += batch->count) {
        batch_fill(batch, workload, done);
        double start = seconds_now();
        rc = daybook_append(ledger, batch->entries, batch->count, batch->results, err);
        seconds += seconds_now() - start;
        if (!rc)
            rc = batch_refusal(batch, err);
    }
    report_put(report, APPEND_BULK, (double)workload->count / seconds);
    return rc;
}

int append_carry(const char *folder, const struct stored *stored, struct report *report, struct daybook_error *err)
{
    struct daybook *ledger = NULL;
    struct daybook_init_options options = {.timezone = DAYBOOK_TEXT("UTC")};
    size_t taken = 0;
    int rc = daybook_init(folder, &options, err);
    if (!rc)
        rc = daybook_open(folder, NULL, &ledger, err);
    double start = seconds_now();
    for (size_t done = 0; done < stored->count && !rc; done += taken) {
        size_t left = stored->count - done;
        rc = daybook_carry(ledger, &stored->events[done], left < WORKLOAD_BULK_ENTRIES ? left : WORKLOAD_BULK_ENTRIES,
                           &taken, err);
    }
    report_put(report, CARRY_BULK, (double)stored->count / (seconds_now() - start));
    daybook_close(ledger);
    return rc;
}

/* ---- many threads */

struct crew {
    struct daybook *ledger;
    struct workload workload;
    struct batch batch;
    unsigned threads;
};

struct writer_thread {
    pthread_t thread;
    struct crew *crew;
    unsigned number;
    int rc;
    struct daybook_error error;
};

static void *write_own_orders(void *context)
{
    struct writer_thread *w = context;
    struct crew *crew = w->crew;
    for (size_t i = 0; i < crew->batch.count && !w->rc; i++)
        if (workload_order(&crew->workload, i) % crew->threads == w->number)
            w->rc = daybook_append(crew->ledger, &crew->batch.entries[i], 1, &crew->batch.results[i], &w->error);
    return NULL;
}

static int join(struct writer_thread *writers, unsigned count, struct daybook_error *err)
{
    int rc = 0;
    for (unsigned i = 0; i < count; i++) {
        pthread_join(writers[i].thread, NULL);
        if (writers[i].rc && !rc) {
            rc = writers[i].rc;
            *err = writers[i].error;
        }
    }
    return rc;
}

static int run(struct crew *crew, double *ret_seconds, struct daybook_error *err)
{
    struct writer_thread *writers = calloc(crew->threads, sizeof *writers);
    if (!writers)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for %u threads.", crew->threads);
    unsigned made = 0;
    double start = seconds_now();
    for (; made < crew->threads; made++) {
        writers[made] = (struct writer_thread){.crew = crew, .number = made};
        if (pthread_create(&writers[made].thread, NULL, write_own_orders, &writers[made]))
            break;
    }
    int rc = join(writers, made, err);
    *ret_seconds = seconds_now() - start;
    free(writers);
    if (!rc && made < crew->threads)
        rc = daybook_fail(err, DAYBOOK_IO, "Only %u of %u threads could be started.", made, crew->threads);
    return rc;
}

int append_from_threads(struct daybook *ledger, uint32_t first, uint32_t orders, unsigned threads, enum row row,
                        struct report *report, struct daybook_error *err)
{
    struct crew crew = {.ledger = ledger, .threads = threads};
    double seconds = 0;
    int rc = workload_new(first, orders, &crew.workload, err);
    if (!rc)
        rc = batch_new(crew.workload.count, &crew.batch, err);
    if (!rc) {
        batch_fill(&crew.batch, &crew.workload, 0);
        rc = run(&crew, &seconds, err);
    }
    if (!rc)
        rc = batch_refusal(&crew.batch, err);
    if (!rc)
        report_put(report, row, (double)crew.workload.count / seconds);
    batch_release(&crew.batch);
    workload_release(&crew.workload);
    return rc;
}
