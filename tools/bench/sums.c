/* Do two ways agree? */
#include "tools/bench/sums.h"

#include <string.h>

int sums_agree(const struct delay_sums *expected, const struct delay_sums *got, const char *whose,
               struct daybook_error *err)
{
    if (!memcmp(expected, got, sizeof *got) && got->measured > 0)
        return 0;
    return daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                        "Delays differ: %s have %lld measured, %lld lead days, %lld late days, %lld in medians; "
                        "expected were %lld, %lld, %lld, %lld.",
                        whose, (long long)got->measured, (long long)got->lead_days, (long long)got->late_days,
                        (long long)got->medians, (long long)expected->measured, (long long)expected->lead_days,
                        (long long)expected->late_days, (long long)expected->medians);
}
