// Preloaded into a user-mode Linux before 6.13. That keeps the first 2696 bytes of the registers that XSAVE saves: all that processors had
// until AMX. With so few of more PTRACE_SETREGSET fails (EFAULT), and the kernel panics. Here the rest is added, as zeros: the processes in
// there cannot use such registers, since they would have to ask for them (ARCH_REQ_XCOMP_PERM), and user-mode Linux grants none.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

// Not on the stack: the stacks of a kernel are small. It has one thread, and is not interrupted by itself here.
static char all[65536];

long ptrace(enum __ptrace_request request, ...) {
  static long (*next)(enum __ptrace_request, ...);
  if (next == 0) next = (long (*)(enum __ptrace_request, ...))dlsym(RTLD_NEXT, "ptrace");

  va_list rest;
  va_start(rest, request);
  int pid = va_arg(rest, int);
  void *address = va_arg(rest, void *);
  void *data = va_arg(rest, void *);
  va_end(rest);
  if (request != PTRACE_SETREGSET || (unsigned long)address != NT_X86_XSTATE) return next(request, pid, address, data);

  const struct iovec *given = data;
  struct iovec whole = {.iov_base = all, .iov_len = sizeof all};
  const long failed = next(PTRACE_GETREGSET, pid, address, &whole);
  if (failed != 0 || whole.iov_len <= given->iov_len) return next(request, pid, address, data);
  memset(all, 0, whole.iov_len);
  memcpy(all, given->iov_base, given->iov_len);
  return next(request, pid, address, &whole);
}
