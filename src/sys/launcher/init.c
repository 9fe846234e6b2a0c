/*
 * init: what a process of ours becomes where it has to live on beside the command, or must not share the memory of the
 * program that launches it. A static program without libc, run from a sealed memfd.
 *
 *   isolate-init FD     FD is the file with its steps, which it maps; see launcher.h
 *
 * It makes its steps, the last of which clones the command, and tells the parent over the line. Then, by its role: as the
 * PID 1 of the command it reaps orphans, passes signals on, and ends when the command does; as the holder of a box it reaps
 * until it is killed; for a command that has joined others, which is a child of the parent's, it ends.
 */
#include "walk.h"

#if defined(__x86_64__)
enum {
	NR_write = 1, NR_mmap = 9, NR_munmap = 11, NR_rt_sigprocmask = 14, NR_pread64 = 17, NR_getpid = 39,
	NR_kill = 62, NR_fcntl = 72, NR_ftruncate = 77, NR_rt_sigtimedwait = 128, NR_prctl = 157, NR_waitid = 247,
	NR_close_range = 436, NR_getppid = 110,
};
__asm__(".globl _start\n"
	"_start:\n\t"
	"xor %ebp, %ebp\n\t"
	"mov %rsp, %rdi\n\t"
	"and $-16, %rsp\n\t"
	"call begin\n\t"
	"ud2\n");
#else
enum {
	NR_write = 64, NR_mmap = 222, NR_munmap = 215, NR_rt_sigprocmask = 135, NR_pread64 = 67, NR_getpid = 172,
	NR_kill = 129, NR_fcntl = 25, NR_ftruncate = 46, NR_rt_sigtimedwait = 137, NR_prctl = 167, NR_waitid = 95,
	NR_close_range = 436, NR_getppid = 173,
};
__asm__(".globl _start\n"
	"_start:\n\t"
	"mov x29, xzr\n\t"
	"mov x0, sp\n\t"
	"and sp, x0, #-16\n\t"
	"bl begin\n\t"
	"brk #0\n");
#endif

enum { SIGHUP = 1, SIGINT = 2, SIGUSR1 = 10, SIGTERM = 15, SIGCHLD = 17, SIG_LAST = 64 };
enum { SI_USER = 0, SI_QUEUE = -1 };
enum { CLD_EXITED = 1 };
enum { P_ALL = 0, WNOHANG = 1, WEXITED = 4 };
enum { PR_SET_PDEATHSIG = 1, PR_SET_DUMPABLE = 4, PR_SET_NAME = 15, F_SETFD = 2, FD_CLOEXEC = 1 };
enum { PROT_READ_WRITE = 3, MAP_SHARED = 1, MAP_FIXED_NOREPLACE = 0x100000 };

/* siginfo_t: the members that are used here. */
struct info {
	i32 signo, error, code, unused;
	i32 pid, uid;
	i64 value;  /* SIGCHLD: the status; a queued signal: what was sent with it */
	u8 rest[96];
};

/* What the parent reads when the command has ended: REPORT_BYTES. */
struct report {
	i32 code, status;
	u8 usage[144];
};

_Static_assert(sizeof(struct report) == REPORT_BYTES, "layout.ts reads as many");

/* As exit statuses of init itself, which nobody but a person with strace(1) sees. */
enum { COULD_NOT_START = 127, COULD_NOT_BEGIN = 126 };

#define CALL(nr, ...) call((nr), (const u64[MAX_ARGS]){__VA_ARGS__})

/* No program shares this memory. */
static i64 hold_dumpable(const struct step *s, const u64 *a)
{
	return call(s->nr, a);
}

static void leave(int status)
{
	for (;;)
		CALL(NR_exit_group, (u64)status);
}

static i32 number_of(const char *text)
{
	i32 number = 0;
	while (*text >= '0' && *text <= '9')
		number = number * 10 + (*text++ - '0');
	return number;
}

/* Maps the file of its steps where they were laid out for. */
static struct block *map_steps(i32 file)
{
	struct block head;
	if (CALL(NR_pread64, file, (u64)&head, sizeof head, 0) != sizeof head || head.layout != LAYOUT)
		leave(COULD_NOT_BEGIN);
	/* The stack of the command's child is behind what was written. */
	if (CALL(NR_ftruncate, file, head.size) != 0)
		leave(COULD_NOT_BEGIN);
	i64 at = CALL(NR_mmap, INIT_BASE, head.size, PROT_READ_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0);
	if (at != (i64)INIT_BASE)
		leave(COULD_NOT_BEGIN);
	return (struct block *)at;
}

/* Waits for all children that have ended. True once the command has: `report` says how. */
static int reap(i32 command, struct report *report)
{
	for (;;) {
		struct info child;
		struct report how;
		child.pid = 0;
		i64 failed = CALL(NR_waitid, P_ALL, 0, (u64)&child, WEXITED | WNOHANG, (u64)how.usage);
		if (failed != 0 || child.pid == 0)
			return 0;
		if (child.pid != command)
			continue;
		how.code = child.code;
		how.status = (i32)child.value;
		*report = how;
		return 1;
	}
}

/* Waits for a signal: all are blocked, so that none is lost and none ends us. */
static i32 next_signal(struct info *signal)
{
	const u64 all = ~0UL;
	for (;;) {
		i64 number = CALL(NR_rt_sigtimedwait, (u64)&all, (u64)signal, 0, sizeof all);
		if (number > 0)
			return (i32)number;
	}
}

/* What a process has sent. What the kernel sends from a terminal it sends to the command too, which is in the same process group. */
static void pass_on(const struct info *signal, i32 command)
{
	i32 number = signal->signo;
	if (signal->code > SI_USER)
		return;
	/* What stops and continues comes as the value of another, in its order. Who may send it to us may send it to the command. */
	if (number == SIG_LAST && signal->code == SI_QUEUE)
		number = (i32)signal->value;
	CALL(NR_kill, command, number);
}

static void serve(i32 command, i32 line)
{
	struct report report;
	while (!reap(command, &report)) {
		struct info signal;
		next_signal(&signal);
		pass_on(&signal, command);
	}
	CALL(NR_write, line, (u64)&report, sizeof report);
	/* The kernel kills what is left in the PID namespace. */
	leave(report.code == CLD_EXITED ? report.status : 128 + report.status);
}

/* The kernel itself writes the sender of what kill(2) sends: 0 for one that cannot be seen from in here. */
static int is_from_outside(const struct info *signal)
{
	return signal->code == SI_USER && signal->pid == 0;
}

/* In a PID namespace whose parent is outside that has the pid 0, which nobody else is seen by. */
static int is_from_parent(const struct info *signal)
{
	return signal->code == SI_USER && signal->pid == (i32)CALL(NR_getppid, 0);
}

/*
 * Ends when it is asked to from outside; what is inside does not decide over it. Without a PID namespace of its own nobody can be seen
 * to be outside but the parent. That one tells an init that is to outlive it so by SIGUSR1, when others can find it, and hears over the
 * line that it does.
 */
static void hold_on(i32 line)
{
	struct report none;
	int is_first = CALL(NR_getpid, 0) == 1;
	for (;;) {
		struct info signal;
		i32 number = next_signal(&signal);
		int is_end = number == SIGTERM || number == SIGINT || number == SIGHUP;
		if (number == SIGCHLD)
			reap(0, &none);
		else if (is_end && (is_first ? is_from_outside(&signal) : is_from_parent(&signal)))
			leave(0);
		else if (number == SIGUSR1 && is_from_parent(&signal)) {
			CALL(NR_prctl, PR_SET_PDEATHSIG, 0);
			CALL(NR_write, line, (u64)&number, sizeof number);
		}
	}
}

__attribute__((used)) static void begin(const u64 *stack)
{
	const u64 all = ~0UL;
	/* Those who share our namespaces may be allowed to trace us: not before we hold nothing of the launch. */
	CALL(NR_prctl, PR_SET_DUMPABLE, 0);
	CALL(NR_prctl, PR_SET_NAME, (u64)"isolate-init");
	CALL(NR_rt_sigprocmask, 2, (u64)&all, 0, sizeof all);
	if (stack[0] < 2)
		leave(COULD_NOT_BEGIN);
	i32 file = number_of((const char *)stack[2]);
	struct block *b = map_steps(file);
	i32 line = b->line;
	u32 role = b->role;
	CALL(NR_fcntl, file, F_SETFD, FD_CLOEXEC);
	CALL(NR_fcntl, line, F_SETFD, FD_CLOEXEC);

	walk(b, 0, 1);
	if (b->ended)
		leave(COULD_NOT_START);
	i32 command = role == ROLE_HOLD ? 0 : (i32)b->steps[b->command].result;
	/* What the command prints has its end when the command closes it, not when we do. What a holder has before its file it keeps. */
	CALL(NR_close_range, role == ROLE_HOLD ? file : 0, line - 1, 0);
	CALL(NR_close_range, line + 1, 0xffffffffUL, 0);
	CALL(NR_munmap, (u64)b, b->size);
	CALL(NR_write, line, (u64)&command, sizeof command);
	if (role == ROLE_LEAVE)
		leave(0);
	if (role == ROLE_HOLD)
		hold_on(line);
	serve(command, line);
}
