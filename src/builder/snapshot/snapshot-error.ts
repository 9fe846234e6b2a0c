import { errnoText, IsolateError } from '../../sys/index.js';

/** The changes in an overlay cannot be told, or not be applied. `code` is that of the kernel where it refused something. */
export class SnapshotError extends IsolateError {
  /** Where, in full: names that are no UTF-8 are shown with U+FFFD in them. The message has the ends of a long one. */
  readonly path: string;

  constructor(
    path: string,
    problem: string,
    { code = 'ERR_ISOLATE_SNAPSHOT', cause }: { code?: string; cause?: unknown } = {},
  ) {
    super(code, `${JSON.stringify(cut(path))}: ${problem}`, { cause });
    this.path = path;
  }
}

/** Whoever makes directories makes paths of any length. */
const mostShown = 200;

function cut(path: string): string {
  const half = mostShown / 2;
  return path.length <= mostShown ? path : `${path.slice(0, half)}…${path.slice(-half)}`;
}

/** Does something with a file, and says which one it was where the kernel refuses it. */
export async function named<T>(path: string, doing: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SnapshotError || !isRefusal(error)) throw error;
    const { syscall, code, errno } = error;
    throw new SnapshotError(path, `${doing} failed: ${syscall} gave ${code} (${errnoText(-errno)})`, {
      code,
      cause: error,
    });
  }
}

interface Refusal {
  readonly syscall: string;
  readonly code: string;
  readonly errno: number;
}

/** Errors of `node:fs` and of a system call have the same shape. */
function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && 'syscall' in error && 'code' in error && 'errno' in error;
}
