/* A disk that stalls or fails, for the files of one folder: loaded before libc (LD_PRELOAD), ruled by files in another.
 *
 * Below BAD_DISK every write, cut and sync waits as long as there is a file `stall` in BAD_DISK_ORDERS, and fails with EIO as long as there
 * is a file `eio`: of a write, every other time, only after half of it. Everything else is as without it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int ordered(const char *what) {
    const char *orders = getenv("BAD_DISK_ORDERS");
    char path[4096];
    if (!orders) return 0;
    snprintf(path, sizeof path, "%s/%s", orders, what);
    return access(path, F_OK) == 0;
}

/* -1 with errno set when the call is to fail. */
static int disk(int fd) {
    const char *folder = getenv("BAD_DISK");
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (!folder || length < 0) return 0;
    path[length] = 0;
    if (strncmp(path, folder, strlen(folder)) != 0) return 0;
    while (ordered("stall")) usleep(5000);
    if (!ordered("eio")) return 0;
    errno = EIO;
    return -1;
}

#define PLAYED(result, name, parameters, arguments)                                        \
    result name parameters {                                                               \
        static result(*real) parameters;                                                   \
        if (!real) real = (result(*) parameters)dlsym(RTLD_NEXT, #name);                   \
        return disk(fd) ? -1 : real arguments;                                             \
    }

ssize_t write(int fd, const void *bytes, size_t count) {
    static ssize_t (*real)(int, const void *, size_t);
    static _Atomic unsigned calls;
    if (!real) real = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    if (!disk(fd)) return real(fd, bytes, count);
    return count > 1 && calls++ % 2 ? real(fd, bytes, count / 2) : -1;
}

PLAYED(ssize_t, pwrite, (int fd, const void *bytes, size_t count, off_t at), (fd, bytes, count, at))
PLAYED(ssize_t, pwrite64, (int fd, const void *bytes, size_t count, off64_t at), (fd, bytes, count, at))
PLAYED(int, ftruncate, (int fd, off_t length), (fd, length))
PLAYED(int, ftruncate64, (int fd, off64_t length), (fd, length))
PLAYED(int, fsync, (int fd), (fd))
PLAYED(int, fdatasync, (int fd), (fd))
