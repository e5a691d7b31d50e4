/* The program whose report README.md shows: a thread closes a handle that another thread of the
 * program closed before, when its slot belongs to somebody else.  Each call stands on one line, so
 * that all compilers agree on its line. */
#include <holdfast/holdfast.h>
#include <holdfast/posix.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>

static hf_table *files;

static hf_handle open_file(const char *path, const char *label)
{
    hf_handle file;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.label = label;
    hf_value value = hf_fd_value(open(path, O_RDONLY | O_CLOEXEC));
    hf_status status = hf_open(files, &hf_type_fd, value, &options, &file);
    if (status != HF_OK)
        abort();
    return file;
}

static void stop_logging(hf_handle log)
{
    hf_close(files, log, NULL);
}

static void *rotate_logs(void *log)
{
    pthread_setname_np(pthread_self(), "rotation");
    stop_logging(*(const hf_handle *)log);
    return NULL;
}

static void run_thread(void *(*body)(void *), void *argument)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, argument) != 0 || pthread_join(thread, NULL) != 0)
        abort();
}

int main(void)
{
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.name = "files";
    options.reuse = HF_REUSE_LIFO;
    options.level = HF_LEVEL_STACKS;
    if (hf_table_create(&options, &files) != HF_OK)
        return 1;
    hf_handle log = open_file("/dev/null", "log");
    run_thread(rotate_logs, &log);
    hf_handle database = open_file("/dev/zero", "database");
    stop_logging(log);
    hf_close(files, database, NULL);
    hf_table_destroy(files);
    return 0;
}
