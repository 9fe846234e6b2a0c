import {
  type Exit,
  type NamespaceIds,
  type Resources,
  type RunningProcess,
  SpecError,
  StepError,
  type Usage,
} from '../index.js';
import { StatusFile } from './status-file.js';

/** What `--status-json` tells. */
interface StatusReport {
  readonly version: 1;
  /** As seen from here; null where there was no command. */
  readonly pid: number | null;
  /** The inodes of its namespaces. */
  readonly namespaces: NamespaceIds | null;
  readonly command: readonly string[];
  /** How it ended; null while it runs, and where it never ran. */
  readonly exit: object | null;
  readonly usage: Usage | null;
  /** What its control group used, where it had one. */
  readonly resources: Resources | null;
  /** Milliseconds. */
  readonly wallTime: number | null;
  /** What isolate failed with. */
  readonly error: object | null;
}

/** Keeps a status file true while a command is run. */
export class StatusReporter {
  readonly #file: StatusFile;
  #report: StatusReport;

  /** Opens the file: where that fails, nothing has been done. */
  constructor(path: string, command: readonly string[]) {
    this.#file = new StatusFile(path);
    const none = { exit: null, usage: null, resources: null, wallTime: null, error: null };
    this.#report = { version: 1, pid: null, namespaces: null, command, ...none };
  }

  started({ pid, namespaces }: RunningProcess): void {
    this.#report = { ...this.#report, pid, namespaces: namespaces ?? null };
    this.#file.write(this.#text);
  }

  ended({ usage, wallTime, resources = undefined, ...exit }: Exit): void {
    this.#report = { ...this.#report, exit, usage, resources: resources ?? null, wallTime };
  }

  /** There is nothing more to tell. */
  end(): void {
    this.#file.end(this.#text);
  }

  /** Isolate fails, with an error that is told elsewhere too. */
  fail(error: unknown): void {
    this.#report = { ...this.#report, error: detailsOf(error) };
    try {
      this.end();
    } catch {}
  }

  get #text(): string {
    return `${JSON.stringify(this.#report, null, 2)}\n`;
  }
}

/** What a program can use of an error. */
function detailsOf(error: unknown): object {
  if (!(error instanceof Error)) return { code: null, message: String(error) };
  const { message } = error;
  const code = (error as NodeJS.ErrnoException).code ?? null;
  if (error instanceof StepError) {
    const { reason = null, syscall, errno, step, steps, where, from, help = null } = error;
    return { code, message, reason, syscall, errno, step, steps, where, from, help };
  }
  if (error instanceof SpecError) return { code, message, field: error.field, help: error.help ?? null };
  return { code, message };
}
