import { lgetxattr, llistxattr, lremovexattr, lsetxattr, SyscallError } from '../../sys/index.js';

/** What overlayfs notes at a file or directory of its upper layer. */
export interface OverlayMarks {
  /** `y`: nothing of the directory below shows through. `x`: files in the directory may be whiteouts. */
  readonly opaque: string | undefined;
  readonly whiteout: boolean;
  /** The directory below has another name. */
  readonly redirect: boolean;
  /** The contents are those of the file below. */
  readonly metacopy: boolean;
}

/** The extended attributes of a file or directory: those that a user may set, and those of overlayfs. */
export interface Attributes {
  /** By name, one byte to a character. */
  readonly user: ReadonlyMap<string, Buffer>;
  readonly marks: OverlayMarks;
}

/** The kernel's limit for all the names, and for a value. */
const most = 1 << 16;
/** Enough for nearly all. */
const usual = 1 << 10;

/** Reads the attributes of a file or directory, for which the caller needs the right to read it. */
export function readAttributes(path: Buffer): Attributes {
  const user = new Map<string, Buffer>();
  const marks = new Map<string, string>();
  for (const name of readNames(path)) {
    const text = name.toString('latin1');
    const mark = /^(?:user|trusted)\.overlay\.(.*)$/s.exec(text)?.[1];
    if (mark !== undefined) marks.set(mark, mark === 'opaque' ? readValue(path, name).toString('latin1') : '');
    else if (text.startsWith('user.')) user.set(text, readValue(path, name));
  }
  return {
    user,
    marks: {
      opaque: marks.get('opaque'),
      whiteout: marks.has('whiteout'),
      redirect: marks.has('redirect'),
      metacopy: marks.has('metacopy'),
    },
  };
}

export function sameAttributes(one: Attributes, other: Attributes): boolean {
  if (one.user.size !== other.user.size) return false;
  return [...one.user].every(([name, value]) => other.user.get(name)?.equals(value));
}

/** Gives a file or directory the user's attributes of another, and no others; those of overlayfs stay what they are. */
export function setAttributes(path: Buffer, { user: wanted }: Attributes): void {
  const { user: present } = readAttributes(path);
  for (const [name, value] of wanted) {
    if (!present.get(name)?.equals(value)) lsetxattr(path, Buffer.from(name, 'latin1'), value, 0);
  }
  for (const name of present.keys()) {
    if (!wanted.has(name)) lremovexattr(path, Buffer.from(name, 'latin1'));
  }
}

/** A file system without attributes has none. */
function readNames(path: Buffer): Buffer[] {
  try {
    return withEnough((size) => llistxattr(path, size));
  } catch (error) {
    if (isError(error, 'EOPNOTSUPP')) return [];
    throw error;
  }
}

function readValue(path: Buffer, name: Buffer): Buffer {
  return withEnough((size) => lgetxattr(path, name, size));
}

function withEnough<T>(read: (size: number) => T): T {
  try {
    return read(usual);
  } catch (error) {
    if (isError(error, 'ERANGE')) return read(most);
    throw error;
  }
}

function isError(error: unknown, code: string): boolean {
  return error instanceof SyscallError && error.code === code;
}
