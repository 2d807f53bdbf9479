/* `daybook doctor`: gathers what there is to know about a ledger and its machine, then asks each check in a table
 * whether something is wrong. */
#include "tools/doctor.h"

#include "ledger/signing.h"
#include "ledger/witness.h"
#include "tools/order_json.h"
#include "tools/session.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { PATH_SIZE = 4200, FINDING_SIZE = 600 };

#define FREE_BYTES_LEAST ((uint64_t)256 << 20)
#define SECOND_US ((int64_t)1000000)
#define DAY_US (24 * 60 * 60 * SECOND_US)

struct examination {
    struct session session;
    struct store_sizes sizes;
    struct witness_standing standing;
    uint64_t last_seq, personal_generation, personal_bytes, views_bytes, free_bytes;
    int64_t last_recorded_us; /* DAYBOOK_INSTANT_NONE in an empty ledger */
    const char *filesystem;   /* NULL: one that has no name here */
    uint32_t filesystem_magic;
    bool filesystem_remote, read_only, has_views;
    struct daybook_error signing; /* why nothing can be signed */
    unsigned leftovers;           /* folders of personal data that the log does not name */
};

/* Magic numbers of statfs(2). */
static const struct filesystem {
    uint32_t magic;
    const char *name;
    bool remote;
} filesystems[] = {
    {0xef53, "ext4", false},      {0x58465342, "xfs", false},     {0x9123683e, "btrfs", false},
    {0x01021994, "tmpfs", false}, {0x794c7630, "overlay", false}, {0x2fc12fc1, "zfs", false},
    {0xf2f52010, "f2fs", false},  {0x6969, "nfs", true},          {0x517b, "smb", true},
    {0xff534d42, "cifs", true},   {0xfe534d42, "smb2", true},     {0x01021997, "9p", true},
    {0x65735546, "fuse", true},   {0x00c36400, "ceph", true},
};

/* ---- gathering */

/* Bytes of all files below a folder but locks; 0 when it is not there. */
static uint64_t folder_bytes(char *folder)
{
    char *const folders[] = {folder, NULL};
    FTS *walk = fts_open(folders, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    uint64_t bytes = 0;
    if (!walk)
        return 0;
    for (FTSENT *entry; (entry = fts_read(walk));)
        if (entry->fts_info == FTS_F && strcmp(entry->fts_name, "lock.mdb") != 0)
            bytes += (uint64_t)entry->fts_statp->st_size;
    fts_close(walk);
    return bytes;
}

static unsigned count_leftovers(const char *folder, const char *named)
{
    DIR *list = opendir(folder);
    unsigned count = 0;
    if (!list)
        return 0;
    for (struct dirent *entry; (entry = readdir(list));)
        count += strncmp(entry->d_name, "personal-", 9) == 0 && strcmp(entry->d_name, named) != 0;
    closedir(list);
    return count;
}

static int look_at_disk(struct examination *x)
{
    struct context *ctx = x->session.ctx;
    const char *folder = daybook_folder(x->session.ledger);
    struct statvfs volume;
    struct statfs type;
    char path[PATH_SIZE], personal[40];
    if (statvfs(folder, &volume) || statfs(folder, &type))
        return daybook_fail(&ctx->error, DAYBOOK_IO, "%s while asking about the disk of %s.", strerror(errno), folder);
    x->free_bytes = (uint64_t)volume.f_bavail * volume.f_frsize;
    x->filesystem_magic = (uint32_t)type.f_type;
    for (size_t i = 0; i < sizeof filesystems / sizeof *filesystems; i++)
        if (filesystems[i].magic == x->filesystem_magic) {
            x->filesystem = filesystems[i].name;
            x->filesystem_remote = filesystems[i].remote;
        }
    snprintf(personal, sizeof personal, "personal-%llu", (unsigned long long)x->personal_generation);
    x->leftovers = count_leftovers(folder, personal);
    snprintf(path, sizeof path, "%s/%s", folder, personal);
    x->personal_bytes = folder_bytes(path);
    snprintf(path, sizeof path, "%s/views", folder);
    x->has_views = access(path, F_OK) == 0;
    x->views_bytes = folder_bytes(path);
    return 0;
}

static int look_at_log(struct examination *x)
{
    struct session *s = &x->session;
    struct daybook_event last;
    x->last_seq = daybook_last_seq(s->snapshot);
    x->last_recorded_us = DAYBOOK_INSTANT_NONE;
    x->read_only = store_is_read_only(s->ledger->store);
    int rc = x->last_seq ? daybook_event(s->snapshot, x->last_seq, &last, &s->ctx->error) : 0;
    if (!rc && x->last_seq)
        x->last_recorded_us = last.recorded_us;
    if (!rc)
        rc = store_meta_number(s->snapshot->log, "personal", &x->personal_generation, &s->ctx->error);
    if (!rc)
        rc = witness_standing(s->ledger, &x->standing, &s->ctx->error);
    if (!rc && !x->read_only)
        signing_check(s->ledger, &x->signing);
    return rc ? rc : store_sizes(s->ledger->store, &x->sizes, &s->ctx->error);
}

/* ---- what is wrong; each writes a sentence, or nothing */

static void check_clock(const struct examination *x, char out[FINDING_SIZE])
{
    if (x->last_recorded_us == DAYBOOK_INSTANT_NONE || x->last_recorded_us <= x->session.now_us + SECOND_US)
        return;
    int64_t ahead_us = x->last_recorded_us - x->session.now_us;
    snprintf(
        out, FINDING_SIZE,
        say(x->session.ctx,
            "The clock is %lld s behind the last event. Set it right (timedatectl); if it is right, "
            "commands go on with --accept-clock.",
            "时钟比最后一个事件落后 %lld 秒。请校正时钟（timedatectl）；若时钟无误，命令可加 --accept-clock 继续。"),
        (long long)(ahead_us / SECOND_US));
}

static void check_space(const struct examination *x, char out[FINDING_SIZE])
{
    if (x->free_bytes < FREE_BYTES_LEAST)
        snprintf(out, FINDING_SIZE,
                 say(x->session.ctx, "Only %llu MB are free on the disk. Make room before it is full.",
                     "磁盘仅剩 %llu MB。请及时清理。"),
                 (unsigned long long)(x->free_bytes >> 20));
}

static void check_filesystem(const struct examination *x, char out[FINDING_SIZE])
{
    if (x->filesystem_remote)
        snprintf(out, FINDING_SIZE,
                 say(x->session.ctx,
                     "The ledger is on %s, where locks between machines are not safe. Move it to a local disk.",
                     "账本位于 %s 上，跨机器的锁并不可靠。请移到本地磁盘。"),
                 x->filesystem);
}

static void check_writable(const struct examination *x, char out[FINDING_SIZE])
{
    if (x->read_only)
        snprintf(out, FINDING_SIZE, "%s",
                 say(x->session.ctx, "You may read the ledger, not write it. Check who owns its folder.",
                     "您对账本只有读取权限。请检查其文件夹的所有者。"));
}

static void check_leftovers(const struct examination *x, char out[FINDING_SIZE])
{
    if (x->leftovers)
        snprintf(
            out, FINDING_SIZE,
            say(x->session.ctx,
                "%u folders of personal data are left over from a deletion that was cut short. The next command that "
                "writes removes them.",
                "有 %u 个个人数据文件夹因删除中断而残留；下一个写入命令会将其清除。"),
            x->leftovers);
}

static void check_signing(const struct examination *x, char out[FINDING_SIZE])
{
    snprintf(out, FINDING_SIZE, "%s", x->signing.message);
}

/* A checkpoint counts once somebody else has it: before that, its keeper can sign another. */
static void check_outside(const struct examination *x, char out[FINDING_SIZE])
{
    const struct witness_standing *standing = &x->standing;
    bool is_never = standing->witnessed_us == DAYBOOK_INSTANT_NONE;
    int64_t age_us = is_never ? 0 : x->session.now_us - standing->witnessed_us;
    if (x->last_seq <= standing->witnessed_size)
        return;
    if (is_never)
        snprintf(out, FINDING_SIZE, "%s",
                 say(x->session.ctx,
                     "No checkpoint has come back from a witness: unless you gave one to somebody else, who keeps this "
                     "ledger can rewrite all of it unseen. Send one a day out of the house: daybook checkpoint.",
                     "还没有见证者签署过检查点：若未交给他人，账本保管者可以不被察觉地改写全部历史。请每天将检查点发到"
                     "外部：daybook checkpoint。"));
    else if (age_us > DAY_US)
        snprintf(
            out, FINDING_SIZE,
            say(x->session.ctx,
                "The last checkpoint that a witness signed is %lld days old: what came after it can be rewritten "
                "unseen. Send one a day out of the house: daybook checkpoint.",
                "见证者签署的最近检查点已有 %lld 天：其后的内容可被不被察觉地改写。请每天将检查点发到外部：daybook "
                "checkpoint。"),
            (long long)(age_us / DAY_US));
}

static void (*const checks[])(const struct examination *, char[FINDING_SIZE]) = {
    check_clock, check_space, check_filesystem, check_writable, check_leftovers, check_signing, check_outside};
enum { CHECK_COUNT = sizeof checks / sizeof *checks };

static json_t *findings_of(const struct examination *x)
{
    json_t *findings = json_array();
    for (size_t i = 0; i < CHECK_COUNT && findings; i++) {
        char finding[FINDING_SIZE] = "";
        checks[i](x, finding);
        if (*finding && json_array_append_new(findings, json_string(finding))) {
            json_decref(findings);
            findings = NULL;
        }
    }
    return findings;
}

/* ---- the answer */

enum { FACT_COUNT = 22 };

struct fact {
    const char *name, *english, *chinese;
    struct cell value;
};

static size_t facts_of(const struct examination *x, char magic[16], struct fact facts[FACT_COUNT])
{
    const struct daybook *ledger = x->session.ledger;
    snprintf(magic, 16, "0x%x", x->filesystem_magic);
    const struct fact all[] = {
        {"program", "Program", "程序版本", cell_string(x->session.ctx->program->version)},
        {"lmdb", "LMDB", "LMDB", cell_string(store_lmdb_version())},
        {"format", "Format", "格式版本", cell_integer(STORE_FORMAT)},
        {"ledger", "Ledger", "账本", cell_string(ledger->folder)},
        {"id", "Ledger's id", "账本编号", cell_string(ledger->id)},
        {"timezone", "Time zone", "时区", cell_string(ledger->timezone)},
        {"numbers", "Order numbers", "订单号格式", cell_string(ledger->numbers)},
        {"last_seq", "Events", "事件数", cell_integer((int64_t)x->last_seq)},
        {"last_recorded_at", "Last event", "最后事件", cell_instant(x->last_recorded_us)},
        {"checkpoint_size", "Last signed checkpoint, events", "最近签名的检查点（事件数）",
         x->standing.last_us == DAYBOOK_INSTANT_NONE ? cell_null() : cell_integer((int64_t)x->standing.last_size)},
        {"checkpoint_signed_at", "Signed", "签名时间", cell_instant(x->standing.last_us)},
        {"checkpoint_witnessed_at", "Last one seen by a witness", "最近一次由见证者签署",
         cell_instant(x->standing.witnessed_us)},
        {"clock", "Clock", "时钟", cell_instant(x->session.now_us)},
        {"log_bytes", "Log, bytes", "日志字节数", cell_integer((int64_t)x->sizes.file_bytes)},
        {"personal_generation", "Generation of personal data", "个人数据代次",
         cell_integer((int64_t)x->personal_generation)},
        {"personal_bytes", "Personal data, bytes", "个人数据字节数", cell_integer((int64_t)x->personal_bytes)},
        {"views_bytes", "Views, bytes", "视图字节数",
         x->has_views ? cell_integer((int64_t)x->views_bytes) : cell_null()},
        {"readers", "Reader slots in use", "读取槽位", cell_integer(x->sizes.readers)},
        {"stale_readers_cleared", "Stale readers cleared", "已清除的失效读取者",
         cell_integer(x->sizes.stale_readers_cleared)},
        {"filesystem", "Filesystem", "文件系统", cell_string(x->filesystem ? x->filesystem : magic)},
        {"free_bytes", "Free on its disk, bytes", "磁盘可用字节数", cell_integer((int64_t)x->free_bytes)},
        {"read_only", "Read only", "只读", cell_boolean(x->read_only)},
    };
    _Static_assert(sizeof all == FACT_COUNT * sizeof *all, "FACT_COUNT counts them");
    memcpy(facts, all, sizeof all);
    return FACT_COUNT;
}

static int put_findings(struct context *ctx, json_t *findings)
{
    size_t i;
    json_t *finding;
    int rc = output_print(&ctx->output, &ctx->error, "%s", "");
    if (!rc && json_array_size(findings) == 0)
        rc = output_print(&ctx->output, &ctx->error, "%s",
                          say(ctx, "Nothing is wrong around the ledger.", "账本周围未发现问题。"));
    json_array_foreach(findings, i, finding)
    {
        if (!rc)
            rc = output_print(&ctx->output, &ctx->error, "! %s", json_string_value(finding));
    }
    return rc ? rc
              : output_print(&ctx->output, &ctx->error, "%s",
                             say(ctx, "The events themselves were not looked at: `daybook verify` checks every one.",
                                 "未检查事件本身：`daybook verify` 可校验全部事件。"));
}

static json_t *fact_json(const struct cell *value)
{
    switch (value->kind) {
    case CELL_NULL:
        return json_null();
    case CELL_INTEGER:
        return json_integer(value->integer);
    case CELL_BOOLEAN:
        return json_boolean(value->boolean);
    case CELL_INSTANT:
        return json_of_instant(value->instant_us);
    default:
        return json_of_text(value->text);
    }
}

static int put_object(struct context *ctx, const struct fact *facts, size_t count, json_t *findings)
{
    json_t *object = json_object();
    bool failed = !object;
    for (size_t i = 0; i < count && !failed; i++)
        failed = json_object_set_new(object, facts[i].name, fact_json(&facts[i].value)) != 0;
    if (!failed)
        failed = json_object_set(object, "problems", findings) != 0;
    if (failed) {
        json_decref(object);
        object = NULL;
    }
    return output_document(&ctx->output, object, &ctx->error);
}

static int put_rows(struct context *ctx, const struct fact *facts, size_t count)
{
    static const struct column columns[] = {{"name", NULL, NULL, COLUMN_KEY}, {"value", NULL, NULL, COLUMN_TEXT}};
    bool csv = ctx->output.format == OUTPUT_CSV;
    int rc = output_begin(&ctx->output, NULL, columns, 2, &ctx->error);
    for (size_t i = 0; i < count && !rc; i++) {
        const char *title = csv ? facts[i].name : say(ctx, facts[i].english, facts[i].chinese);
        rc = output_row(&ctx->output, (struct cell[]){cell_string(title), facts[i].value}, &ctx->error);
    }
    return rc ? rc : output_end(&ctx->output, NULL, &ctx->error);
}

static int report(const struct examination *x)
{
    struct context *ctx = x->session.ctx;
    struct fact facts[FACT_COUNT];
    char magic[16];
    size_t count = facts_of(x, magic, facts);
    json_t *findings = findings_of(x);
    int rc = 0;
    if (!findings)
        return daybook_fail(&ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for an examination.");
    if (output_wants_json(&ctx->output))
        rc = put_object(ctx, facts, count, findings);
    else
        rc = put_rows(ctx, facts, count);
    if (!rc && ctx->output.format == OUTPUT_TABLE)
        rc = put_findings(ctx, findings);
    json_decref(findings);
    return rc;
}

int run_doctor(struct context *ctx)
{
    struct examination x = {0};
    int rc = session_open(&x.session, ctx);
    if (!rc)
        rc = session_read(&x.session);
    if (!rc)
        rc = look_at_log(&x);
    if (!rc)
        rc = look_at_disk(&x);
    if (!rc)
        rc = report(&x);
    session_close(&x.session);
    return rc;
}
