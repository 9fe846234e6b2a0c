/*
 * The block of memory that TypeScript fills in and the launcher, or init, walks through.
 * src/sys/launcher/layout.ts holds the same offsets; a test compares the two.
 */
#ifndef ISOLATE_LAUNCHER_H
#define ISOLATE_LAUNCHER_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef int i32;
typedef long i64;

/* Changes with every change below: an object and a program that do not fit together refuse to start. */
enum { LAYOUT = 5 };

enum { MAX_ARGS = 6 };

enum { NONE_FAILED = -1, WRONG_LAYOUT = -2 };

/* Where init maps its block: far from where the kernel puts a program, its stack and its vDSO. */
#define INIT_BASE 0x1000000000UL

/* What init tells of the command: how it ended, and what it used. */
enum { REPORT_BYTES = 152 };

enum op {
	OP_CALL = 0,    /* one system call */
	OP_CLONE = 1,   /* clone3: the child goes on with the next step, the parent with step `next` */
	OP_HOLD = 2,    /* prctl(PR_GET_DUMPABLE): remember the first launch's answer */
	OP_RELEASE = 3, /* prctl(PR_SET_DUMPABLE): the last launch puts it back */
	OP_EXIT = 4,    /* exit_group(127), after the mirror is written: there is no command to become */
	OP_DECIMAL = 5, /* one system call, whose result is also written in decimal digits where args[0] points */
	OP_WAIT = 6,    /* one system call, as soon as the descriptor args[0] can be read: the parent stops here if that takes long */
	OP_REAP = 7,    /* waitid(P_PIDFD, args[1], ...), in the same manner: so it does not wait, and no signal comes in between */
};

/* What init does when it has walked through its steps. */
enum role {
	ROLE_SERVE = 0, /* is the init of the command that it has started */
	ROLE_HOLD = 1,  /* keeps its namespaces until it is killed */
	ROLE_LEAVE = 2, /* ends: the command has its own parent */
};

enum step_flag {
	STEP_EXPECTS = 1, /* the result has to be `expect` */
};

struct step {
	i64 result;      /* out: what the call returned, or -errno */
	u64 args[MAX_ARGS];
	u64 tolerate[2]; /* bit N: the errno N is no failure of this step */
	i64 expect;
	u32 nr;          /* the number of the system call */
	u8 op;
	u8 flags;
	u8 loads;        /* bit N: args[N] is the address of a 32-bit int, and that int is the argument */
	u8 unused;
	u32 next;        /* OP_CLONE: where the parent goes on */
	u32 pad;
};

struct block {
	u32 count;       /* steps in all */
	u32 cleanup;     /* where the parent goes on when a step before the clone fails */
	i32 failed;      /* out: the index of the first step that failed, NONE_FAILED, or WRONG_LAYOUT */
	i32 error;       /* out: its errno; 0 where the result was not the expected one */
	i32 mirror;      /* a memfd that a child with its own copy of this memory writes it to if it fails, or -1 */
	u32 layout;      /* LAYOUT */
	u64 size;        /* bytes of this block: for the mirror, or with the stack behind it that init maps */
	u32 role;        /* of init */
	u32 command;     /* the step of init that clones the command */
	i32 line;        /* the descriptor over which init tells the parent how it went */
	i32 ended;       /* out: 1 where a child ended instead of becoming the command */
	u32 first;       /* the step to begin with; out: where the parent has stopped, or 0 */
	u32 cancelled;   /* in, at any moment: no process is to be made any more */
	u32 pad[2];
	struct step steps[];
};

#endif
