/* Personal values, apart from the log so that they can be forgotten. */
#include "ledger/personal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/env_copy.h"
#include "ledger/store.h"
#include "ledger/tree.h"

enum { VALUE_KEY_SIZE = 10 };

struct personal {
    struct env *env;
    MDB_dbi values, names;
    _Atomic unsigned users; /* handles, transactions */
};

struct personal_txn {
    struct personal *personal;
    MDB_txn *mdb;
    bool is_ordered; /* only of a reader */
    MDB_cursor *near;
};

static void folder_of(const char *folder, uint64_t generation, char out[4096])
{
    snprintf(out, 4096, "%s/personal-%llu", folder, (unsigned long long)generation);
}

static int open_tables_locked(struct personal *personal, bool create, struct daybook_error *err)
{
    MDB_txn *txn = NULL;
    int rc = env_begin(personal->env, create, &txn, err);
    if (rc)
        return rc;
    unsigned flags = create ? MDB_CREATE : 0;
    int lmdb = mdb_dbi_open(txn, "values", flags, &personal->values);
    if (!lmdb)
        lmdb = mdb_dbi_open(txn, "names", flags, &personal->names);
    if (lmdb) {
        env_abort(personal->env, txn);
        return env_fail(personal->env, lmdb, err);
    }
    return env_commit(personal->env, txn, err);
}

static int open_tables(struct personal *personal, bool create, struct daybook_error *err)
{
    env_lock_tables();
    int rc = open_tables_locked(personal, create, err);
    env_unlock_tables();
    return rc;
}

static int open_folder(const char *path, bool create, bool any_filesystem, struct personal **ret,
                       struct daybook_error *err)
{
    struct personal *personal = calloc(1, sizeof *personal);
    if (!personal)
        return path_fail(path, ENOMEM, "opening", err);
    personal->users = 1;
    struct env_options options = {
        .tables_max = 2, .address_eighths = 1, .any_filesystem = any_filesystem, .read_only = access(path, W_OK) != 0};
    int rc = env_open(path, &options, &personal->env, err);
    if (!rc)
        rc = open_tables(personal, create, err);
    if (rc)
        personal_close(personal);
    else
        *ret = personal;
    return rc;
}

static void remove_data(const char *path)
{
    char data[4096 + 16];
    snprintf(data, sizeof data, "%s/data.mdb", path);
    unlink(data);
}

int personal_create(const char *folder, uint64_t generation, bool any_filesystem, struct daybook_error *err)
{
    char path[4096];
    folder_of(folder, generation, path);
    if (mkdir(path, 0770) && errno != EEXIST) /* an init that was killed may have left it, empty */
        return path_fail(path, errno, "creating", err);
    struct personal *personal = NULL;
    int rc = open_folder(path, true, any_filesystem, &personal, err);
    if (rc == DAYBOOK_DAMAGED) { /* or a power cut, half made: nothing was recorded before the log is there */
        remove_data(path);
        rc = open_folder(path, true, any_filesystem, &personal, err);
    }
    personal_close(personal);
    if (!rc)
        rc = path_sync_folder(path, err);
    return rc ? rc : path_sync_folder(folder, err);
}

int personal_open(const char *folder, uint64_t generation, bool any_filesystem, struct personal **ret,
                  struct daybook_error *err)
{
    char path[4096], data[4096 + 16];
    folder_of(folder, generation, path);
    snprintf(data, sizeof data, "%s/data.mdb", path);
    if (access(data, F_OK) && errno == ENOENT) /* LMDB would make an empty one */
        return daybook_fail(err, DAYBOOK_DAMAGED, "%s is missing: names and notes are kept there. Restore a backup.",
                            path);
    return open_folder(path, false, any_filesystem, ret, err);
}

struct personal *personal_share(struct personal *personal)
{
    atomic_fetch_add(&personal->users, 1);
    return personal;
}

void personal_close(struct personal *personal)
{
    if (!personal || atomic_fetch_sub(&personal->users, 1) > 1)
        return;
    env_close(personal->env);
    free(personal);
}

/* ---- generations */

int personal_share_permissions(const char *folder, uint64_t from, uint64_t to, struct daybook_error *err)
{
    static const char *const names[] = {"", "/data.mdb", "/lock.mdb"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char model[4096], path[4096];
        struct stat wanted, made;
        snprintf(model, sizeof model, "%s/personal-%llu%s", folder, (unsigned long long)from, names[i]);
        snprintf(path, sizeof path, "%s/personal-%llu%s", folder, (unsigned long long)to, names[i]);
        if (stat(model, &wanted) || stat(path, &made))
            return path_fail(model, errno, "reading", err);
        if ((made.st_gid != wanted.st_gid && chown(path, (uid_t)-1, wanted.st_gid) && errno != EPERM) ||
            (made.st_mode != wanted.st_mode && chmod(path, wanted.st_mode & 07777)))
            return path_fail(path, errno, "changing", err);
    }
    return 0;
}

/* A file that somebody opens just now for reading may come back empty: the next writer deletes it with the folder. */
int personal_remove(const char *folder, uint64_t generation, struct daybook_error *err)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char path[4096], file[4096 + 16];
    folder_of(folder, generation, path);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(file, sizeof file, "%s/%s", path, files[i]);
        if (unlink(file) && errno != ENOENT)
            return path_fail(file, errno, "deleting", err);
    }
    if (rmdir(path) && errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST)
        return path_fail(path, errno, "deleting", err);
    return 0;
}

bool personal_exists(const char *folder, uint64_t generation)
{
    char path[4096];
    folder_of(folder, generation, path);
    return access(path, F_OK) == 0;
}

static bool is_generation(const char *name, uint64_t *ret)
{
    static const char prefix[] = "personal-";
    enum { PREFIX_LEN = sizeof prefix - 1, DIGITS_MAX = 19 };
    size_t digits = strncmp(name, prefix, PREFIX_LEN) == 0 ? strspn(name + PREFIX_LEN, "0123456789") : 0;
    if (digits == 0 || digits > DIGITS_MAX || name[PREFIX_LEN + digits] != '\0')
        return false;
    *ret = strtoull(name + PREFIX_LEN, NULL, 10);
    return true;
}

int personal_remove_others(const char *folder, uint64_t generation, bool is_locked, struct daybook_error *err)
{
    DIR *entries = opendir(folder);
    if (!entries)
        return path_fail(folder, errno, "reading", err);
    uint64_t other;
    size_t removed = 0;
    int rc = 0;
    for (struct dirent *entry = readdir(entries); entry && !rc; entry = readdir(entries))
        if (is_generation(entry->d_name, &other) && (other < generation || (is_locked && other > generation))) {
            rc = personal_remove(folder, other, err);
            removed++;
        }
    closedir(entries);
    return rc || !removed ? rc : path_sync_folder(folder, err);
}

/* ---- transactions */

int personal_begin(struct personal *personal, bool write, struct personal_txn **ret, struct daybook_error *err)
{
    struct personal_txn *txn = calloc(1, sizeof *txn);
    if (!txn)
        return path_fail(env_folder(personal->env), ENOMEM, "using", err);
    int rc = env_begin(personal->env, write, &txn->mdb, err);
    if (rc) {
        free(txn);
        return rc;
    }
    txn->personal = personal_share(personal);
    *ret = txn;
    return 0;
}

static void txn_free(struct personal_txn *txn)
{
    personal_close(txn->personal);
    free(txn);
}

int personal_commit(struct personal_txn *txn, struct daybook_error *err)
{
    int rc = env_commit(txn->personal->env, txn->mdb, err);
    txn_free(txn);
    return rc;
}

void personal_abort(struct personal_txn *txn)
{
    if (!txn)
        return;
    if (txn->near)
        mdb_cursor_close(txn->near);
    env_abort(txn->personal->env, txn->mdb);
    txn_free(txn);
}

void personal_expect_order(struct personal_txn *txn)
{
    txn->is_ordered = true;
}

static MDB_val value_key(uint64_t seq, uint16_t slot, uint8_t out[VALUE_KEY_SIZE])
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(seq >> (56 - 8 * i));
    out[8] = (uint8_t)(slot >> 8);
    out[9] = (uint8_t)slot;
    return (MDB_val){VALUE_KEY_SIZE, out};
}

static uint64_t key_seq(const MDB_val *key)
{
    uint64_t seq = 0;
    for (size_t i = 0; i < 8 && i < key->mv_size; i++)
        seq = seq << 8 | ((const uint8_t *)key->mv_data)[i];
    return seq;
}

int personal_value(struct personal_txn *txn, uint64_t seq, uint16_t slot, const uint8_t **ret_salt,
                   struct daybook_text *ret_value, struct daybook_error *err)
{
    uint8_t buffer[VALUE_KEY_SIZE];
    MDB_val key = value_key(seq, slot, buffer), value;
    int rc = txn->is_ordered ? env_get_near(txn->mdb, txn->personal->values, &txn->near, &key, &value)
                             : mdb_get(txn->mdb, txn->personal->values, &key, &value);
    *ret_value = DAYBOOK_TEXT_NONE;
    if (rc == MDB_NOTFOUND || (!rc && value.mv_size < DAYBOOK_SALT_SIZE))
        return 0;
    if (rc)
        return env_fail(txn->personal->env, rc, err);
    *ret_salt = value.mv_data;
    *ret_value =
        (struct daybook_text){(const char *)value.mv_data + DAYBOOK_SALT_SIZE, value.mv_size - DAYBOOK_SALT_SIZE};
    return 0;
}

int personal_put_value(struct personal_txn *txn, uint64_t seq, uint16_t slot, const uint8_t *salt,
                       struct daybook_text value, struct daybook_error *err)
{
    uint8_t buffer[VALUE_KEY_SIZE];
    MDB_val key = value_key(seq, slot, buffer), row = {DAYBOOK_SALT_SIZE + value.len, NULL};
    int checked = env_expect_put(txn->personal->env, txn->mdb, "values", &key, err);
    if (checked)
        return checked;
    int rc = mdb_put(txn->mdb, txn->personal->values, &key, &row, MDB_RESERVE | MDB_APPEND);
    if (rc)
        return env_fail(txn->personal->env, rc == MDB_KEYEXIST ? MDB_CORRUPTED : rc, err);
    memcpy(row.mv_data, salt, DAYBOOK_SALT_SIZE);
    if (value.len)
        memcpy((char *)row.mv_data + DAYBOOK_SALT_SIZE, value.ptr, value.len);
    return 0;
}

int personal_each_value(struct personal_txn *txn, personal_each_visit *visit, void *context, struct daybook_error *err)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, row;
    int answer = 0, rc = mdb_cursor_open(txn->mdb, txn->personal->values, &cursor);
    while (!rc && !answer && !(rc = mdb_cursor_get(cursor, &key, &row, MDB_NEXT))) {
        if (key.mv_size != VALUE_KEY_SIZE || row.mv_size < DAYBOOK_SALT_SIZE) {
            rc = MDB_CORRUPTED;
            break;
        }
        const uint8_t *slot = (const uint8_t *)key.mv_data + 8, *salt = row.mv_data;
        struct daybook_text value = {(const char *)salt + DAYBOOK_SALT_SIZE, row.mv_size - DAYBOOK_SALT_SIZE};
        answer = visit(context, key_seq(&key), (uint16_t)(slot[0] << 8 | slot[1]), salt, value, err);
    }
    if (cursor)
        mdb_cursor_close(cursor);
    return answer || rc == MDB_NOTFOUND ? answer : env_fail(txn->personal->env, rc, err);
}

int personal_last_seq(struct personal_txn *txn, uint64_t *ret, struct daybook_error *err)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    int rc = mdb_cursor_open(txn->mdb, txn->personal->values, &cursor);
    if (!rc) {
        rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
        mdb_cursor_close(cursor);
    }
    if (rc && rc != MDB_NOTFOUND)
        return env_fail(txn->personal->env, rc, err);
    *ret = rc ? 0 : key_seq(&key);
    return 0;
}

int personal_cut(struct personal_txn *txn, uint64_t last_seq, struct daybook_error *err)
{
    uint8_t buffer[VALUE_KEY_SIZE];
    MDB_val key = value_key(last_seq + 1, 0, buffer), value;
    MDB_cursor *cursor = NULL;
    int checked = env_expect_deletes(txn->personal->env, err);
    if (checked)
        return checked;
    int rc = mdb_cursor_open(txn->mdb, txn->personal->values, &cursor);
    if (!rc)
        rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (!rc) {
        rc = mdb_cursor_del(cursor, 0);
        if (!rc)
            rc = mdb_cursor_get(cursor, &key, &value, MDB_GET_CURRENT); /* deleting moves on to the next */
    }
    if (cursor)
        mdb_cursor_close(cursor);
    if (rc == MDB_NOTFOUND || rc == EINVAL) /* EINVAL: the cursor stands behind the last row */
        rc = mdb_drop(txn->mdb, txn->personal->names, 0);
    return env_fail(txn->personal->env, rc, err);
}

static int count(struct personal_txn *txn, MDB_dbi table, uint64_t *ret, struct daybook_error *err)
{
    MDB_stat stat;
    int rc = mdb_stat(txn->mdb, table, &stat);
    if (!rc)
        *ret = stat.ms_entries;
    return env_fail(txn->personal->env, rc, err);
}

int personal_value_count(struct personal_txn *txn, uint64_t *ret, struct daybook_error *err)
{
    return count(txn, txn->personal->values, ret, err);
}

int personal_name_count(struct personal_txn *txn, uint64_t *ret, struct daybook_error *err)
{
    return count(txn, txn->personal->names, ret, err);
}

int personal_name(struct personal_txn *txn, uint32_t kind, struct daybook_text name, uint32_t *ret,
                  struct daybook_error *err)
{
    uint8_t buffer[NAME_KEY_MAX];
    MDB_val key = {store_name_key(kind, name, buffer), buffer}, value;
    int rc = mdb_get(txn->mdb, txn->personal->names, &key, &value);
    if (!rc && value.mv_size != sizeof *ret)
        rc = MDB_CORRUPTED;
    if (rc && rc != MDB_NOTFOUND)
        return env_fail(txn->personal->env, rc, err);
    *ret = 0;
    if (!rc)
        memcpy(ret, value.mv_data, sizeof *ret);
    return 0;
}

int personal_put_name(struct personal_txn *txn, uint32_t kind, struct daybook_text name, uint32_t ordinal,
                      struct daybook_error *err)
{
    uint8_t buffer[NAME_KEY_MAX];
    MDB_val key = {store_name_key(kind, name, buffer), buffer}, value = {sizeof ordinal, &ordinal};
    int rc = env_expect_put(txn->personal->env, txn->mdb, "names", &key, err);
    return rc ? rc : env_fail(txn->personal->env, mdb_put(txn->mdb, txn->personal->names, &key, &value, 0), err);
}

static bool is_beyond(const MDB_val *key, const void *context)
{
    const uint64_t *last_seq = context;
    return key_seq(key) > *last_seq;
}

static bool is_any(const MDB_val *key, const void *context)
{
    (void)key, (void)context;
    return true;
}

int personal_copy(struct personal_txn *txn, const char *folder, uint64_t generation, uint64_t last_seq,
                  void (*progress)(void *context, uint64_t rows), void *context, bool *ret_names,
                  struct daybook_error *err)
{
    struct env_copy copy = {.progress = progress, .context = context};
    uint64_t personal_seq = 0;
    char path[4096];
    folder_of(folder, generation, path);
    int rc = personal_last_seq(txn, &personal_seq, err);
    if (!rc)
        rc = env_copy_begin(&copy, path, 2, err);
    if (!rc)
        rc = env_copy_table(&copy, txn->mdb, txn->personal->values, "values", 0, is_beyond, &last_seq, err);
    if (!rc)
        rc = env_copy_table(&copy, txn->mdb, txn->personal->names, "names", 0, personal_seq > last_seq ? is_any : NULL,
                            NULL, err);
    if (rc) {
        env_copy_abort(&copy);
        return rc;
    }
    *ret_names = personal_seq <= last_seq;
    return env_copy_end(&copy, err);
}

void personal_commitment(const uint8_t salt[DAYBOOK_SALT_SIZE], struct daybook_text value,
                         uint8_t ret[DAYBOOK_COMMITMENT_SIZE])
{
    sha256_pair(salt, DAYBOOK_SALT_SIZE, value.ptr, value.len, ret);
}
