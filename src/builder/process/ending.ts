import { SIG } from '../../sys/index.js';
import type { Cause, EndedByUs } from './exit.js';
import { hasEnded } from './has-ended.js';
import { killRest, killTree, type Tree } from './kill-tree.js';

/** How a process is ended: a signal, and milliseconds from there to SIGKILL for all of its tree. */
export interface KillWay {
  readonly signal: number;
  readonly grace: number;
}

/** At once, and for all of it. */
export const killAtOnce: KillWay = { signal: SIG.KILL, grace: 0 };

/** That we end a process, and why: at most once, whatever comes after. Used only while it has not been waited for. */
export class Ending {
  readonly #tree: Tree;
  readonly #ask: (signal: number) => void;
  #byUs: EndedByUs | undefined;
  #grace: NodeJS.Timeout | undefined;

  /** @param ask - sends a signal to the process alone. */
  constructor(tree: Tree, ask: (signal: number) => void) {
    this.#tree = tree;
    this.#ask = ask;
  }

  /** Undefined where the process ends by itself. */
  get byUs(): EndedByUs | undefined {
    return this.#byUs;
  }

  /** Ends it, unless it has ended. What was the first to do so is the cause; a later SIGKILL does not wait for its grace. */
  begin(cause: Cause, { signal, grace }: KillWay): void {
    if (hasEnded(this.#tree.pidfd)) return;
    const isFirst = this.#byUs === undefined;
    this.#byUs ??= { cause, wasAsked: signal !== SIG.KILL };
    if (signal === SIG.KILL) killTree(this.#tree);
    else if (isFirst) {
      // The process keeps the event loop going, if anything does.
      this.#grace = setTimeout(() => this.begin(cause, killAtOnce), grace).unref();
      this.#ask(signal);
    }
  }

  /** It has ended, and is not waited for yet: if that was our doing, what is left of its tree goes too. */
  finish(): Promise<void> | undefined {
    clearTimeout(this.#grace);
    return this.#byUs === undefined ? undefined : killRest(this.#tree);
  }
}
