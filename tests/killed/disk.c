/* Preloaded into a process: writes down what it does to the files of one folder, in order.
 *
 * DISK_FOLDER is that folder, DISK_NAMES the beginning of the names that matter, DISK_LOG the file to
 * write to. Each entry: the operation, the length of the name, offset, length, the name, the data.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 1024
static char *names[FILES]; /* of the files that are open, by descriptor */
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static int out = -1;

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static const char *kept(const char *path) { /* the name that is written down, NULL for other files */
    const char *folder = getenv("DISK_FOLDER"), *prefix = getenv("DISK_NAMES");
    size_t length = folder ? strlen(folder) : 0;
    if (!length || !prefix || strncmp(path, folder, length)) return NULL;
    if (!path[length]) return ".";
    if (path[length] != '/') return NULL;
    path += length + 1;
    return strncmp(path, prefix, strlen(prefix)) || strstr(path, "-shm") ? NULL : path;
}

static void put(char operation, const char *name, int64_t offset, int64_t length, const void *data) {
    struct { char operation; uint8_t name; int64_t offset, length; } __attribute__((packed)) head =
        {operation, (uint8_t)strlen(name), offset, length};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)name, head.name}, {(void *)data, data ? length : 0}};
    if (out < 0) {
        REAL(int, "open64", const char *, int, ...);
        out = real(getenv("DISK_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    if (writev(out, parts, 3) < 0) abort();
}

static const char *named(int fd) { return fd >= 0 && fd < FILES ? names[fd] : NULL; }

static int opened(int (*real)(const char *, int, ...), const char *path, int flags, int mode) {
    const char *name = kept(path);
    if (!name) return real(path, flags, mode);
    pthread_mutex_lock(&order);
    int made = (flags & O_CREAT) && access(path, F_OK);
    int fd = real(path, flags, mode);
    if (fd >= 0 && fd < FILES) {
        free(names[fd]);
        names[fd] = strdup(name);
        if (made) put('C', name, 0, 0, NULL);
    }
    pthread_mutex_unlock(&order);
    return fd;
}

#define OPEN(function) \
    int function(const char *path, int flags, ...) { \
        REAL(int, #function, const char *, int, ...); \
        va_list rest; \
        va_start(rest, flags); \
        int mode = (flags & O_CREAT) ? va_arg(rest, int) : 0; \
        va_end(rest); \
        return opened(real, path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    REAL(int, "close", int);
    pthread_mutex_lock(&order);
    if (named(fd)) { free(names[fd]); names[fd] = NULL; }
    int result = real(fd);
    pthread_mutex_unlock(&order);
    return result;
}

#define WRITE(function) \
    ssize_t function(int fd, const void *data, size_t size, off64_t offset) { \
        REAL(ssize_t, #function, int, const void *, size_t, off64_t); \
        if (!named(fd)) return real(fd, data, size, offset); \
        pthread_mutex_lock(&order); \
        ssize_t done = real(fd, data, size, offset); \
        if (done > 0) put('W', named(fd), offset, done, data); \
        pthread_mutex_unlock(&order); \
        return done; \
    }
WRITE(pwrite)
WRITE(pwrite64)

#define WITH_FD(operation, function, size) \
    { \
        if (!named(fd)) return function; \
        pthread_mutex_lock(&order); \
        int result = function; \
        if (!result) put(operation, named(fd), 0, size, NULL); \
        pthread_mutex_unlock(&order); \
        return result; \
    }
int fsync(int fd) { REAL(int, "fsync", int); WITH_FD('S', real(fd), 0) }
int fdatasync(int fd) { REAL(int, "fdatasync", int); WITH_FD('S', real(fd), 0) }
int ftruncate(int fd, off64_t size) { REAL(int, "ftruncate", int, off64_t); WITH_FD('T', real(fd, size), size) }
int ftruncate64(int fd, off64_t size) { REAL(int, "ftruncate64", int, off64_t); WITH_FD('T', real(fd, size), size) }

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    const char *name = kept(path);
    if (!name) return real(path);
    pthread_mutex_lock(&order);
    int result = real(path);
    if (!result) put('U', name, 0, 0, NULL);
    pthread_mutex_unlock(&order);
    return result;
}

void disk_mark(void) { /* a unit of work has returned */
    pthread_mutex_lock(&order);
    put('M', "", 0, 0, NULL);
    pthread_mutex_unlock(&order);
}
