import { CFLAG, IFLAG, LFLAG, OFLAG } from '../constants/termios.js';
import { type FlagSet, flagNames } from '../flags.js';
import { byteArray, type Field, type Struct, shownAs, struct, u8, u16, u32 } from '../struct.js';

/** `struct winsize` of a terminal: ioctl_tty(2). */
export const winsize = struct('winsize', 'asm/termios.h', { ws_row: u16, ws_col: u16, ws_xpixel: u16, ws_ypixel: u16 });

/** The size of a terminal, in characters, and in pixels where it knows them. */
export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
  readonly xpixel?: number;
  readonly ypixel?: number;
}

const bits = (set: FlagSet): Field<number> => shownAs(u32, (value) => flagNames(set, value >>> 0));

/** The kernel's own `struct termios`, which is not that of the C library: the modes of a terminal. See ioctl_tty(2). */
export interface Termios {
  /** Input modes: {@link IFLAG} bits. */
  readonly c_iflag: number;
  /** Output modes: {@link OFLAG} bits. */
  readonly c_oflag: number;
  /** Control modes: {@link CFLAG} bits. */
  readonly c_cflag: number;
  /** Local modes: {@link LFLAG} bits. */
  readonly c_lflag: number;
  /** The line discipline. */
  readonly c_line: number;
  /** The 19 control characters. */
  readonly c_cc: Uint8Array;
}

/** {@link Termios} in memory. */
export const termios: Struct<Termios> = struct('termios', 'asm/termbits.h', {
  c_iflag: bits(IFLAG),
  c_oflag: bits(OFLAG),
  c_cflag: bits(CFLAG),
  c_lflag: bits(LFLAG),
  c_line: u8,
  c_cc: byteArray(19),
});
