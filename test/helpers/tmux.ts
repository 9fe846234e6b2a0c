// A real terminal with somebody in front of it: tmux(1), a server for each test.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { childrenOf, commandOf } from './process-tree.js';

/** What the shell in it asks with. It is not in any line that is typed. */
const prompt = 'outer>';

export class Tmux implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'isolate-tmux-'));

  private constructor() {}

  /** A terminal of 100 columns and 30 rows, with a shell that leaves its modes to others. */
  static async start(): Promise<Tmux> {
    const tmux = new Tmux();
    tmux.#run(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      '100',
      '-y',
      '30',
      `exec env PS1='${prompt} ' bash --norc --noprofile`,
    );
    await tmux.shows(new RegExp(prompt));
    return tmux;
  }

  #run(...args: string[]): string {
    const { TMUX: _, ...others } = process.env;
    const env = { ...others, TMUX_TMPDIR: this.#folder, HISTFILE: '/dev/null', TERM: 'xterm' };
    return execFileSync('tmux', args, { encoding: 'utf8', env });
  }

  /** Types a line. */
  type(text: string): void {
    this.#run('send-keys', '-l', text);
    this.key('Enter');
  }

  /** Presses a key, as `C-z`. */
  key(name: string): void {
    this.#run('send-keys', name);
  }

  get screen(): string {
    return this.#run('capture-pane', '-p');
  }

  /** Waits until a pattern can be seen; returns what it matched. */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    return this.until(() => pattern.exec(this.screen) ?? undefined, `to see ${pattern}`);
  }

  /** Waits until something is so. */
  async until<T>(condition: () => T | undefined, what: string): Promise<T> {
    const end = Date.now() + 30_000;
    for (;;) {
      const found = condition();
      if (found !== undefined) return found;
      if (Date.now() > end) throw new Error(`it did not come to it within 30 s, ${what}. The screen:\n${this.screen}`);
      await wait(20);
    }
  }

  clear(): void {
    this.#run('send-keys', '-R');
    this.#run('clear-history');
  }

  resize(columns: number, rows: number): void {
    this.#run('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** How the terminal is set, but for its size. */
  get modes(): string {
    const tty = this.#run('display-message', '-p', '#{pane_tty}').trim();
    return execFileSync('stty', ['-a', '-F', tty], { encoding: 'utf8' }).replace(/rows \d+; columns \d+/, '');
  }

  /** The process that the shell has started last, and its child: isolate and the command. */
  get started(): { readonly isolate: number; readonly command: number } | undefined {
    const [isolate] = childrenOf(Number(this.#run('display-message', '-p', '#{pane_pid}')));
    const [child] = isolate === undefined ? [] : childrenOf(isolate);
    const command = child === undefined ? undefined : commandOf(child);
    return isolate === undefined || command === undefined ? undefined : { isolate, command };
  }

  [Symbol.dispose](): void {
    this.#run('kill-server');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
