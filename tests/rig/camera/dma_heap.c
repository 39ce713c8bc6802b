/* Stands in for the kernel's dma-heaps, which machines other than boards lack: memory files instead.
 * Preloaded into a process that uses libcamera's virtual cameras and picamera2. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int is_heap(const char *path) { return path && strncmp(path, "/dev/dma_heap/", 14) == 0; }

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define MODE(flags, mode)                                  \
	mode_t mode = 0;                                       \
	if (flags & (O_CREAT | O_TMPFILE)) {                   \
		va_list rest;                                      \
		va_start(rest, flags);                             \
		mode = va_arg(rest, mode_t);                       \
		va_end(rest);                                      \
	}

#define OPEN(name)                                         \
	int name(const char *path, int flags, ...)             \
	{                                                      \
		MODE(flags, mode)                                  \
		return is_heap(path) ? memfd_create("dma-heap", MFD_CLOEXEC) : NEXT(name)(path, flags, mode); \
	}

#define OPENAT(name)                                       \
	int name(int dir, const char *path, int flags, ...)    \
	{                                                      \
		MODE(flags, mode)                                  \
		return is_heap(path) ? memfd_create("dma-heap", MFD_CLOEXEC) : NEXT(name)(dir, path, flags, mode); \
	}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int ioctl(int fd, unsigned long request, ...)
{
	va_list rest;
	va_start(rest, request);
	void *argument = va_arg(rest, void *);
	va_end(rest);
	if (request == DMA_HEAP_IOCTL_ALLOC) {
		struct dma_heap_allocation_data *wanted = argument;
		int buffer = memfd_create("dma-buf", MFD_CLOEXEC);
		if (buffer < 0 || ftruncate(buffer, wanted->len) < 0)
			return -1;
		wanted->fd = buffer;
		return 0;
	}
	if (request == DMA_BUF_IOCTL_SYNC || (_IOC_TYPE(request) == 'b' && _IOC_NR(request) == 1))
		return 0; /* synchronising and naming a buffer */
	return NEXT(ioctl)(fd, request, argument);
}
