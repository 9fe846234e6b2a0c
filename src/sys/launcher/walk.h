/*
 * Walks through the steps of a block, one raw system call each: what the launcher and init have in common.
 *
 * It is told only data. It does not parse, decide or allocate, and it uses nothing of libc. A file that includes this says
 * what holds the dumpable flag of its memory: hold_dumpable().
 */
#ifndef ISOLATE_WALK_H
#define ISOLATE_WALK_H

#include "launcher.h"

static i64 hold_dumpable(const struct step *s, const u64 *a);

#if defined(__x86_64__)
enum { NR_pwrite64 = 18, NR_exit_group = 231, NR_ppoll = 271 };

static i64 call(i64 nr, const u64 *a)
{
	i64 ret;
	register u64 r10 __asm__("r10") = a[3];
	register u64 r8 __asm__("r8") = a[4];
	register u64 r9 __asm__("r9") = a[5];
	__asm__ volatile("syscall"
		: "=a"(ret)
		: "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
		: "rcx", "r11", "memory");
	return ret;
}

/* clone3 whose child runs walk_on(block, index) on the stack that the arguments of clone3 name. */
static i64 call_clone(i64 nr, const u64 *a, void (*walk_on)(void *, u64), void *block, u64 index)
{
	i64 ret;
	register void *r12 __asm__("r12") = (void *)walk_on;
	register void *r13 __asm__("r13") = block;
	register u64 r14 __asm__("r14") = index;
	__asm__ volatile("syscall\n\t"
		"test %%rax, %%rax\n\t"
		"jnz 1f\n\t"
		"xor %%ebp, %%ebp\n\t"
		"and $-16, %%rsp\n\t"
		"mov %%r13, %%rdi\n\t"
		"mov %%r14, %%rsi\n\t"
		"call *%%r12\n\t"
		"ud2\n"
		"1:"
		: "=a"(ret)
		: "a"(nr), "D"(a[0]), "S"(a[1]), "r"(r12), "r"(r13), "r"(r14)
		: "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
enum { NR_pwrite64 = 68, NR_exit_group = 94, NR_ppoll = 73 };

static i64 call(i64 nr, const u64 *a)
{
	register u64 x8 __asm__("x8") = (u64)nr;
	register u64 x0 __asm__("x0") = a[0];
	register u64 x1 __asm__("x1") = a[1];
	register u64 x2 __asm__("x2") = a[2];
	register u64 x3 __asm__("x3") = a[3];
	register u64 x4 __asm__("x4") = a[4];
	register u64 x5 __asm__("x5") = a[5];
	__asm__ volatile("svc #0"
		: "+r"(x0)
		: "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
		: "memory");
	return (i64)x0;
}

static i64 call_clone(i64 nr, const u64 *a, void (*walk_on)(void *, u64), void *block, u64 index)
{
	register u64 x8 __asm__("x8") = (u64)nr;
	register u64 x0 __asm__("x0") = a[0];
	register u64 x1 __asm__("x1") = a[1];
	register void *x20 __asm__("x20") = (void *)walk_on;
	register void *x21 __asm__("x21") = block;
	register u64 x22 __asm__("x22") = index;
	__asm__ volatile("svc #0\n\t"
		"cbnz x0, 1f\n\t"
		"mov x29, xzr\n\t"
		"mov x9, sp\n\t"
		"and sp, x9, #-16\n\t"
		"mov x0, x21\n\t"
		"mov x1, x22\n\t"
		"blr x20\n\t"
		"brk #0\n"
		"1:"
		: "+r"(x0)
		: "r"(x8), "r"(x1), "r"(x20), "r"(x21), "r"(x22)
		: "x9", "x30", "memory");
	return (i64)x0;
}
#else
#error "written for x86-64 and AArch64"
#endif

static int tolerated(const struct step *s, i64 result)
{
	u64 number = (u64)-result;
	return number < 128 && (s->tolerate[number >> 6] >> (number & 63) & 1);
}

static int succeeded(const struct step *s, i64 result)
{
	if (result < 0 && result >= -4095)
		return tolerated(s, result);
	return !(s->flags & STEP_EXPECTS) || result == s->expect;
}

/* Digits for a reader of text; the place has room for the longest number and its NUL. */
static void write_decimal(char *to, i64 number)
{
	i64 unit = 1;
	while (number / unit >= 10)
		unit *= 10;
	for (; unit > 0; unit /= 10)
		*to++ = (char)('0' + number / unit % 10);
	*to = 0;
}

enum { POLLIN = 1, EINTR = 4, ECANCELED = 125 };

/* Whether a descriptor can be read, now or in a moment: a program that shares its threads does not wait for others. */
static int can_be_read(i32 fd)
{
	struct { i32 fd; u16 events, revents; } watched = {fd, POLLIN, 0};
	struct { i64 seconds, nanoseconds; } moment = {0, 50000000};
	u64 polled[MAX_ARGS] = {(u64)&watched, 1, (u64)&moment};
	i64 ready;
	/* The kernel writes down what is left of the moment. */
	do
		ready = call(NR_ppoll, polled);
	while (ready == -EINTR);
	return ready != 0;
}

/* Whether the parent stops at a step: what that waits for has not come in a moment. */
static int has_to_wait(const struct block *b, const struct step *s, const u64 *a)
{
	if (s->op == OP_WAIT)
		return b->failed == NONE_FAILED && !can_be_read((i32)a[0]);
	/* After a failure there may be no such process, or one that is about to end. */
	return s->op == OP_REAP && (i32)a[1] >= 0 && !can_be_read((i32)a[1]);
}

static void walk(struct block *b, u32 index, int in_child);

static int is_cancelled(const struct block *b)
{
	return __atomic_load_n(&b->cancelled, __ATOMIC_SEQ_CST) != 0;
}

static void exit_child(struct block *b)
{
	b->ended = 1;
	if (b->mirror >= 0) {
		u64 mirrored[MAX_ARGS] = {(u64)b->mirror, (u64)b, b->size};
		call(NR_pwrite64, mirrored);
	}
	u64 status[MAX_ARGS] = {127};
	for (;;)
		call(NR_exit_group, status);
}

/*
 * The kernel has stored a descriptor of the child before that gets here. Who cancels stores that, and looks for the descriptor then: so
 * either finds what the other has stored.
 */
static void walk_in_child(void *block, u64 index)
{
	if (is_cancelled(block))
		exit_child(block);
	walk(block, (u32)index, 1);
}

/* A clone that failed late, as by a limit on processes, has left the number of a descriptor that the kernel took back: clone3(2). */
static void forget_pidfd(const u64 *a)
{
	i32 *pidfd = (i32 *)((const u64 *)a[0])[1];
	if (pidfd)
		*pidfd = -1;
}

static void walk(struct block *b, u32 index, int in_child)
{
	while (index < b->count) {
		struct step *s = &b->steps[index];
		u64 a[MAX_ARGS];
		for (int i = 0; i < MAX_ARGS; i++)
			a[i] = s->loads >> i & 1 ? (u64)(i64) * (const i32 *)s->args[i] : s->args[i];

		i64 result;
		if (has_to_wait(b, s, a)) {
			b->first = index;
			return;
		}
		if (s->op == OP_EXIT)
			exit_child(b);
		if (s->op == OP_CLONE)
			result = is_cancelled(b) ? -ECANCELED : call_clone(s->nr, a, walk_in_child, b, index + 1);
		else if (s->op == OP_HOLD || s->op == OP_RELEASE)
			result = hold_dumpable(s, a);
		else
			result = call(s->nr, a);
		if (s->op == OP_CLONE && result < 0)
			forget_pidfd(a);
		if (s->op == OP_DECIMAL)
			write_decimal((char *)a[0], result);
		s->result = result;

		if (succeeded(s, result)) {
			index = s->op == OP_CLONE ? s->next : index + 1;
			continue;
		}
		if (b->failed == NONE_FAILED) {
			b->failed = (i32)index;
			b->error = result < 0 && result >= -4095 ? (i32)-result : 0;
		}
		if (in_child)
			exit_child(b);
		index = index < b->cleanup ? b->cleanup : index + 1;
	}
}

#endif
