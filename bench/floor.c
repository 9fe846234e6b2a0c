/*
 * The floor: what the kernel itself takes to start a process and to see it end, with the same system calls as a launch,
 * from a small C program with a single thread.
 *
 *   floor none|seven COUNT COMMAND
 *
 * Prints COUNT lines: the nanoseconds from before the clone until the process is reaped and its pidfd closed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

extern char **environ;

struct job {
	const char *command;
	int seven;                   /* the seven namespaces are new */
	char users[64], groups[64];  /* the lines of the id maps */
	const char *failed;          /* the step of the child that failed, in memory that parent and child share */
	int error;
};

static char stack[64 * 1024] __attribute__((aligned(16)));

static const uint64_t namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
				   CLONE_NEWUTS | CLONE_NEWCGROUP;

/* clone3 whose child calls child(job), which does not return, on the stack that the arguments name. */
static long clone_child(struct clone_args *args, void (*child)(struct job *), struct job *job)
{
#if defined(__x86_64__)
	long ret;
	register void *r12 __asm__("r12") = (void *)child;
	register void *r13 __asm__("r13") = job;
	__asm__ volatile("syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\txor %%ebp, %%ebp\n\tmov %%r13, %%rdi\n\tcall *%%r12\n1:"
		: "=a"(ret)
		: "a"(SYS_clone3), "D"(args), "S"(sizeof *args), "r"(r12), "r"(r13)
		: "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = SYS_clone3;
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = sizeof *args;
	register void *x20 __asm__("x20") = (void *)child;
	register void *x21 __asm__("x21") = job;
	__asm__ volatile("svc #0\n\tcbnz x0, 1f\n\tmov x29, xzr\n\tmov x0, x21\n\tblr x20\n1:"
		: "+r"(x0)
		: "r"(x8), "r"(x1), "r"(x20), "r"(x21)
		: "x30", "memory");
	return x0;
#else
#error "written for x86-64 and AArch64"
#endif
}

static void check(struct job *job, const char *step, long result)
{
	if (result >= 0)
		return;
	job->failed = step;
	job->error = errno;
	_exit(127);
}

static void put(struct job *job, const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	check(job, path, fd);
	check(job, path, write(fd, text, strlen(text)));
}

/* The steps of the child, in the order of a launch with its standard streams on /dev/null. */
static void child(struct job *job)
{
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	check(job, "open", nowhere);
	if (job->seven) {
		put(job, "/proc/self/setgroups", "deny");
		put(job, "/proc/self/uid_map", job->users);
		put(job, "/proc/self/gid_map", job->groups);
		check(job, "mount private", mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
		check(job, "mount proc", mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
	}
	for (int fd = 0; fd <= 2; fd++)
		check(job, "dup3", dup3(nowhere, fd, 0));
	const struct sigaction normal = {.sa_handler = SIG_DFL};
	check(job, "rt_sigaction", sigaction(SIGPIPE, &normal, NULL));
	check(job, "rt_sigaction", sigaction(SIGXFSZ, &normal, NULL));
	check(job, "close_range", syscall(SYS_close_range, 3, ~0U, 0));
	sigset_t none;
	sigemptyset(&none);
	check(job, "rt_sigprocmask", sigprocmask(SIG_SETMASK, &none, NULL));
	char *const argv[] = {(char *)job->command, NULL};
	check(job, "execve", execve(job->command, argv, environ));
}

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Starts the command and waits for its end: 0, or -1 with the failure in the job. */
static int start(struct job *job)
{
	sigset_t all, before;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	int pidfd = -1;
	pid_t pid = -1;
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_PARENT_SETTID | CLONE_CLEAR_SIGHAND |
			 (job->seven ? namespaces : 0),
		.pidfd = (uintptr_t)&pidfd,
		.parent_tid = (uintptr_t)&pid,
		.exit_signal = SIGCHLD,
		.stack = (uintptr_t)stack,
		.stack_size = sizeof stack,
	};
	if (clone_child(&args, child, job) < 0) {
		job->failed = "clone3";
		job->error = errno;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	siginfo_t info = {0};
	struct rusage usage;
	if (pidfd >= 0)
		syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED, &usage);
	close(pidfd);
	return job->failed == NULL && info.si_code == CLD_EXITED && info.si_status == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return fprintf(stderr, "usage: floor none|seven COUNT COMMAND\n"), 2;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	struct job job = {.command = argv[3], .seven = strcmp(argv[1], "seven") == 0};
	snprintf(job.users, sizeof job.users, "%u %u 1\n", geteuid(), geteuid());
	snprintf(job.groups, sizeof job.groups, "%u %u 1\n", getegid(), getegid());
	for (int left = atoi(argv[2]); left > 0; left--) {
		int64_t began = now();
		if (start(&job) < 0)
			return fprintf(stderr, "%s: %s\n", job.failed ? job.failed : "the command", strerror(job.error)), 1;
		printf("%lld\n", (long long)(now() - began));
	}
	return 0;
}
