import { isDeepStrictEqual } from 'node:util';
import type { HostFiles } from '../spec/host-files.js';

type Question = {
  readonly [K in keyof HostFiles]: readonly [name: K, ...args: Parameters<HostFiles[K]>];
}[keyof HostFiles];

function ask(files: HostFiles, [name, ...args]: Question): unknown {
  return (files[name] as (...args: unknown[]) => unknown)(...args);
}

/** The files of a host, with a record of what was asked about them. */
export class RememberedFiles implements HostFiles {
  readonly #files: HostFiles;
  readonly #answers = new Map<string, { readonly question: Question; readonly answer: unknown }>();

  constructor(files: HostFiles) {
    this.#files = files;
  }

  readonly at = (path: string): ReturnType<HostFiles['at']> => this.#ask(['at', path]) as never;
  readonly list = (path: string): ReturnType<HostFiles['list']> => this.#ask(['list', path]) as never;
  readonly mounts = (): ReturnType<HostFiles['mounts']> => this.#ask(['mounts']) as never;
  readonly descriptor = (fd: number): ReturnType<HostFiles['descriptor']> => this.#ask(['descriptor', fd]) as never;

  /** Whether every answer would be the same now: then so would be a plan that was made from them. */
  areSame(): boolean {
    for (const { question, answer } of this.#answers.values()) {
      if (!isDeepStrictEqual(ask(this.#files, question), answer)) return false;
    }
    return true;
  }

  #ask(question: Question): unknown {
    const key = question.join(' ');
    const known = this.#answers.get(key);
    if (known !== undefined) return known.answer;
    const answer = ask(this.#files, question);
    this.#answers.set(key, { question, answer });
    return answer;
  }
}
