/*
 * The launcher: walks through the steps of a plan.
 *
 * Between clone3(CLONE_VM | CLONE_VFORK) and execve the child shares every byte of memory with the program that
 * launches it, so touching errno, thread-local storage or malloc there would corrupt that program.
 */
#include "walk.h"

/*
 * A change of credentials in a child that shares the memory makes the *shared* memory non-dumpable
 * (commit_creds(), kernel/cred.c). Launches overlap on several threads, so the first of them remembers
 * what was set and the last one puts it back.
 */
static struct { u8 locked; u32 launches; i64 dumpable; } hold;

static i64 hold_dumpable(const struct step *s, const u64 *a)
{
	i64 ret = 0;
	while (__atomic_test_and_set(&hold.locked, __ATOMIC_ACQUIRE))
		;
	if (s->op == OP_HOLD) {
		if (hold.launches++ == 0)
			hold.dumpable = call(s->nr, a);
	} else if (--hold.launches == 0) {
		u64 restored[MAX_ARGS] = {a[0], (u64)hold.dumpable};
		ret = call(s->nr, restored);
	}
	__atomic_clear(&hold.locked, __ATOMIC_RELEASE);
	return ret;
}

/*
 * Returns when the child has replaced its memory (execve) or is gone: see `failed`. Where `first` is another step than the first of
 * all by then, it is not at its end: called again, it goes on there.
 */
__attribute__((visibility("default"))) void isolate_launch(struct block *b)
{
	if (b->layout != LAYOUT) {
		b->failed = WRONG_LAYOUT;
		return;
	}
	u32 first = b->first;
	b->first = 0;
	walk(b, first, 0);
}

/* Makes one call: `w` has its number and its arguments, and then its result in the place of the number. */
__attribute__((visibility("default"))) void isolate_call(u64 *w)
{
	w[0] = (u64)call((i64)w[0], w + 1);
}
