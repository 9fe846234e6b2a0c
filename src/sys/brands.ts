/** Integers that mean different things have different types. At run time they are plain numbers. */
declare const brand: unique symbol;

/** An open file descriptor of this process. */
export type Fd = number & { readonly [brand]?: 'Fd' };
/** A process id, as seen in the PID namespace of the caller. */
export type Pid = number & { readonly [brand]?: 'Pid' };
/** A user id, as seen in the user namespace of the caller. */
export type Uid = number & { readonly [brand]?: 'Uid' };
/** A group id, as seen in the user namespace of the caller. */
export type Gid = number & { readonly [brand]?: 'Gid' };
/** The number of an error: see errno(3). */
export type Errno = number & { readonly [brand]?: 'Errno' };
