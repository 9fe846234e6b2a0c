import { flagSet } from '../flags.js';

/** What a terminal does with input, `c_iflag`: termios(3). */
export const IFLAG = flagSet('', 'asm/termbits.h', {
  IGNBRK: 0o1,
  BRKINT: 0o2,
  IGNPAR: 0o4,
  PARMRK: 0o10,
  INPCK: 0o20,
  ISTRIP: 0o40,
  INLCR: 0o100,
  IGNCR: 0o200,
  ICRNL: 0o400,
  IUCLC: 0o1000,
  IXON: 0o2000,
  IXANY: 0o4000,
  IXOFF: 0o10000,
  IMAXBEL: 0o20000,
  IUTF8: 0o40000,
});

/** What a terminal does with output, `c_oflag`: termios(3). */
export const OFLAG = flagSet('', 'asm/termbits.h', {
  OPOST: 0o1,
  OLCUC: 0o2,
  ONLCR: 0o4,
  OCRNL: 0o10,
  ONOCR: 0o20,
  ONLRET: 0o40,
  OFILL: 0o100,
  OFDEL: 0o200,
});

/** The line itself, `c_cflag`: termios(3). The speed is a number in the bits of `CBAUD`. */
export const CFLAG = flagSet('', 'asm/termbits.h', {
  CBAUD: 0o10017,
  CS8: 0o60,
  CS7: 0o40,
  CS6: 0o20,
  CSTOPB: 0o100,
  CREAD: 0o200,
  PARENB: 0o400,
  PARODD: 0o1000,
  HUPCL: 0o2000,
  CLOCAL: 0o4000,
  CRTSCTS: 0x80000000,
});

/** What a terminal does for a person, `c_lflag`: termios(3). */
export const LFLAG = flagSet('', 'asm/termbits.h', {
  ISIG: 0o1,
  ICANON: 0o2,
  XCASE: 0o4,
  ECHO: 0o10,
  ECHOE: 0o20,
  ECHOK: 0o40,
  ECHONL: 0o100,
  NOFLSH: 0o200,
  TOSTOP: 0o400,
  ECHOCTL: 0o1000,
  ECHOPRT: 0o2000,
  ECHOKE: 0o4000,
  FLUSHO: 0o10000,
  PENDIN: 0o40000,
  IEXTEN: 0o100000,
  EXTPROC: 0o200000,
});

/** Places in `c_cc`: termios(3). */
export const CC = flagSet('V', 'asm/termbits.h', {
  INTR: 0,
  QUIT: 1,
  ERASE: 2,
  KILL: 3,
  EOF: 4,
  TIME: 5,
  MIN: 6,
  SWTC: 7,
  START: 8,
  STOP: 9,
  SUSP: 10,
  EOL: 11,
  REPRINT: 12,
  DISCARD: 13,
  WERASE: 14,
  LNEXT: 15,
  EOL2: 16,
});
