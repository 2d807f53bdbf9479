/* The bar of a long task. Drawn over itself with carriage return and "erase to the end of the line". */
#include "tools/cli/progress.h"

#include "ledger/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    BAR_WIDTH = 20,
    REDRAW_US = 100000,
    LINE_SIZE = 300,
    TERMINAL_WIDTH_DEFAULT = 80,
};

static int64_t monotonic_us(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void format_left(const struct progress *progress, double seconds, char *out, size_t out_size)
{
    uint64_t left = seconds < 359999 ? (uint64_t)(seconds + 0.5) : 359999;

    if (left >= 3600)
        snprintf(out, out_size, language_pick(progress->language, "  %u:%02u:%02u left", "  剩余 %u:%02u:%02u"),
                 (unsigned)(left / 3600), (unsigned)(left / 60 % 60), (unsigned)(left % 60));
    else
        snprintf(out, out_size, language_pick(progress->language, "  %u:%02u left", "  剩余 %u:%02u"),
                 (unsigned)(left / 60), (unsigned)(left % 60));
}

void progress_format(const struct progress *progress, uint64_t done, int64_t elapsed_us, size_t width, char *out,
                     size_t out_size)
{
    double rate = elapsed_us > 0 ? (double)done * 1e6 / (double)elapsed_us : 0;
    char line[LINE_SIZE], left[48] = "";
    size_t length;

    if (progress->total == 0) {
        snprintf(line, sizeof line, "%s  %llu  %.0f/s", progress->label, (unsigned long long)done, rate);
    } else {
        double share = done < progress->total ? (double)done / (double)progress->total : 1;
        int filled = (int)(share * BAR_WIDTH);

        if (rate > 0 && done < progress->total)
            format_left(progress, (double)(progress->total - done) / rate, left, sizeof left);
        snprintf(line, sizeof line, "%s  [%.*s%.*s] %3d%%  %llu/%llu  %.0f/s%s", progress->label, filled,
                 "####################", BAR_WIDTH - filled, "....................", (int)(share * 100),
                 (unsigned long long)done, (unsigned long long)progress->total, rate, left);
    }
    length = text_prefix_of_width((struct daybook_text){line, strlen(line)}, width);
    snprintf(out, out_size, "%.*s", (int)length, line);
}

void progress_start(struct progress *progress, enum language language, const char *label, uint64_t total)
{
    *progress = (struct progress){
        .shown = isatty(STDERR_FILENO) == 1,
        .language = language,
        .label = label,
        .total = total,
        .started_us = monotonic_us(),
    };
}

void progress_update(struct progress *progress, uint64_t done)
{
    struct winsize size = {0};
    char line[LINE_SIZE];
    int64_t now_us;

    if (!progress->shown)
        return;
    now_us = monotonic_us();
    if (now_us - progress->drawn_us < REDRAW_US)
        return;
    progress->drawn_us = now_us;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        size.ws_col = TERMINAL_WIDTH_DEFAULT;
    progress_format(progress, done, now_us - progress->started_us, (size_t)size.ws_col - 1, line, sizeof line);
    fprintf(stderr, "\r%s\033[K", line);
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->shown && progress->drawn_us)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
