import { flags, input, int, intAt, named, outInt, outStruct, outUint, pointer } from '../args.js';
import type { Fd, Pid } from '../brands.js';
import { O, openFlagNames } from '../constants/file.js';
import { TC, TIOC } from '../constants/ioctl.js';
import { type Termios, termios, type WindowSize, winsize } from '../structs/terminal.js';
import { defineSyscall, nothing, number, type Syscall } from '../syscall.js';

const fd = int<Fd>('int fd');
const tioc = (value: number) => named('unsigned long request', TIOC, value);
const tc = (value: number) => named('unsigned long request', TC, value);
const settings = pointer('const struct termios *argp', termios);
/** What all of them have in common. */
const call = { name: 'ioctl', man: 'ioctl_tty(2)', scope: 'process' } as const;

/**
 * `ioctl(fd, TIOCGWINSZ, argp)`: the size of a terminal. See ioctl_tty(2).
 *
 * Acts on nothing.
 *
 * @param fd - a terminal, or either end of a pseudoterminal.
 * @returns `rows` and `columns` in characters, `xpixel` and `ypixel` in pixels; 0 where nobody has said.
 * @throws SyscallError ENOTTY: it is no terminal.
 */
export const ioctl_tiocgwinsz: Syscall<[fd: Fd], Required<WindowSize>> = defineSyscall({
  ...call,
  args: [fd, tioc(TIOC.GWINSZ), outStruct('struct winsize *argp', winsize)],
  result: (_returned, size) => ({
    rows: size.ws_row,
    columns: size.ws_col,
    xpixel: size.ws_xpixel,
    ypixel: size.ws_ypixel,
  }),
});

const inC = ({ rows, columns, xpixel = 0, ypixel = 0 }: WindowSize) => ({
  ws_row: rows,
  ws_col: columns,
  ws_xpixel: xpixel,
  ws_ypixel: ypixel,
});

const windowSize = input<WindowSize>('const struct winsize *argp', {
  encode: (size, block) => winsize.encode(inC(size), block),
  render: (size) => winsize.render(inC(size)),
});

/**
 * `ioctl(fd, TIOCSWINSZ, argp)`: sets the size of a terminal. See ioctl_tty(2).
 *
 * Acts on the terminal. If the size changes, its process group in the foreground gets SIGWINCH.
 *
 * @param fd - a terminal, or either end of a pseudoterminal.
 * @param size - `rows` and `columns` in characters; `xpixel` and `ypixel` in pixels, 0 when left out.
 * @throws SyscallError ENOTTY: it is no terminal.
 */
export const ioctl_tiocswinsz: Syscall<[fd: Fd, size: WindowSize], void> = defineSyscall({
  ...call,
  args: [fd, tioc(TIOC.SWINSZ), windowSize],
  result: nothing,
});

/**
 * `ioctl(fd, TIOCSCTTY, steal)`: makes a terminal the controlling one of the caller's session. See ioctl_tty(2).
 *
 * Acts on the session of the process.
 *
 * @param fd - a terminal. It has to be open for reading, unless the caller has CAP_SYS_ADMIN.
 * @param steal - 1 takes it from the session that has it, for which the first user namespace's CAP_SYS_ADMIN is needed;
 * otherwise 0.
 * @throws SyscallError EPERM: the caller does not lead its session, or the session has a terminal, or another session
 * has this one. ENOTTY: it is no terminal.
 */
export const ioctl_tiocsctty: Syscall<[fd: Fd, steal: number], void> = defineSyscall({
  ...call,
  args: [fd, tioc(TIOC.SCTTY), int('int arg')],
  result: nothing,
});

/**
 * `ioctl(fd, TIOCNOTTY)`: gives up the controlling terminal. See ioctl_tty(2).
 *
 * Acts on the process. If it leads its session, the terminal is taken from all of the session, and those in the
 * foreground get SIGHUP and SIGCONT.
 *
 * @param fd - the controlling terminal: `/dev/tty` is always it.
 * @throws SyscallError ENOTTY: it is not the caller's controlling terminal.
 */
export const ioctl_tiocnotty: Syscall<[fd: Fd], void> = defineSyscall({
  ...call,
  args: [fd, tioc(TIOC.NOTTY)],
  result: nothing,
});

/**
 * `ioctl(fd, TIOCGPGRP, argp)`: the process group in the foreground of a terminal. See ioctl_tty(2), tcgetpgrp(3).
 *
 * Acts on nothing.
 *
 * @param fd - the caller's controlling terminal, or the end of a pseudoterminal that `/dev/ptmx` gave.
 * @returns the id of the group; 0 where there is none, or none that is in the caller's PID namespace.
 * @throws SyscallError ENOTTY: it is no terminal, or not the controlling one.
 */
export const ioctl_tiocgpgrp: Syscall<[fd: Fd], Pid> = defineSyscall({
  ...call,
  args: [fd, tioc(TIOC.GPGRP), outInt<Pid>('pid_t *argp')],
  result: (_returned, group) => group,
});

/**
 * `ioctl(fd, TIOCSPGRP, argp)`: puts a process group into the foreground of a terminal. See ioctl_tty(2), tcsetpgrp(3).
 *
 * Acts on the terminal. A caller in the background gets SIGTTOU, which stops it, unless it is blocked or ignored.
 *
 * @param fd - the caller's controlling terminal.
 * @param pgrp - a process group of the caller's session.
 * @throws SyscallError ENOTTY: it is not the controlling terminal of the session. EPERM: the group is of another
 * session. ESRCH: there is no such group.
 */
export const ioctl_tiocspgrp: Syscall<[fd: Fd, pgrp: Pid], void> = defineSyscall({
  ...call,
  args: [fd, tioc(TIOC.SPGRP), intAt<Pid>('const pid_t *argp')],
  result: nothing,
});

/**
 * `ioctl(fd, TIOCGPTN, argp)`: the number of a pseudoterminal: the N of `/dev/pts/N`. See ioctl_tty(2), ptsname(3).
 *
 * Acts on nothing.
 *
 * @param fd - the end that `/dev/ptmx` gave.
 * @returns the number, in the devpts mount that this `ptmx` is of.
 * @throws SyscallError ENOTTY: it is not such an end.
 */
export const ioctl_tiocgptn: Syscall<[fd: Fd], number> = defineSyscall({
  ...call,
  args: [fd, tioc(TIOC.GPTN), outUint('unsigned int *argp')],
  result: (_returned, index) => index,
});

/**
 * `ioctl(fd, TIOCSPTLCK, argp)`: locks or unlocks a pseudoterminal, whose other end cannot be opened while it is
 * locked, as it is at first. See ioctl_tty(2), unlockpt(3).
 *
 * Acts on the pseudoterminal.
 *
 * @param fd - the end that `/dev/ptmx` gave.
 * @param lock - 1 or 0.
 * @throws SyscallError ENOTTY: it is not such an end.
 */
export const ioctl_tiocsptlck: Syscall<[fd: Fd, lock: number], void> = defineSyscall({
  ...call,
  args: [fd, tioc(TIOC.SPTLCK), intAt('const int *argp')],
  result: nothing,
});

/**
 * `ioctl(fd, TIOCGPTPEER, flags)`: opens the other end of a pseudoterminal, without a path: the right one also where
 * `/dev/pts` is another mount, or a trap. See ioctl_tty(2).
 *
 * Acts on the process, which gets the descriptor.
 *
 * @param fd - the end that `/dev/ptmx` gave; unlocked, see {@link ioctl_tiocsptlck}.
 * @param flags - {@link O} bits: mostly `O.RDWR | O.NOCTTY | O.CLOEXEC`. Without `O.NOCTTY` it may become the
 * controlling terminal.
 * @returns the descriptor.
 * @throws SyscallError EIO: it is locked. ENOTTY: it is not such an end. EMFILE, ENFILE: no more descriptors.
 */
export const ioctl_tiocgptpeer: Syscall<[fd: Fd, flags: number], Fd> = defineSyscall({
  ...call,
  args: [fd, tioc(TIOC.GPTPEER), flags('int arg', O, openFlagNames)],
  result: number,
});

/**
 * `ioctl(fd, TCGETS, argp)`: the settings of a terminal. See ioctl_tty(2), termios(3).
 *
 * Acts on nothing.
 *
 * @param fd - a terminal, or either end of a pseudoterminal.
 * @returns `c_iflag`, `c_oflag`, `c_cflag`, `c_lflag`: {@link IFLAG}, {@link OFLAG}, {@link CFLAG}, {@link LFLAG} bits;
 * `c_cc`: the characters with a meaning, at the places that {@link CC} names.
 * @throws SyscallError ENOTTY: it is no terminal.
 */
export const ioctl_tcgets: Syscall<[fd: Fd], Termios> = defineSyscall({
  ...call,
  args: [fd, tc(TC.GETS), outStruct('struct termios *argp', termios)],
  result: (_returned, settings) => settings,
});

/**
 * `ioctl(fd, TCSETS, argp)`: sets the settings of a terminal, at once. See ioctl_tty(2), termios(3).
 *
 * Acts on the terminal. A caller in the background gets SIGTTOU, which stops it, unless it is blocked or ignored.
 *
 * @param fd - a terminal, or either end of a pseudoterminal.
 * @param settings - all of them, as {@link ioctl_tcgets} gives them; what is left out is 0.
 * @throws SyscallError ENOTTY: it is no terminal. EIO: the caller is in the background, and nobody could put it in
 * front.
 */
export const ioctl_tcsets: Syscall<[fd: Fd, settings: Partial<Termios>], void> = defineSyscall({
  ...call,
  args: [fd, tc(TC.SETS), settings],
  result: nothing,
});
