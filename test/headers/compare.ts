import { spawnSync } from 'node:child_process';
import type { Compiler } from './compilers.js';

/** Something that the headers say too: `expression`, in C, has this value. */
export interface Claim {
  readonly expression: string;
  readonly value: number | bigint;
}

export interface Comparison {
  /** How many claims the headers agree with. */
  readonly agreed: number;
  /** What the headers say otherwise, and how. */
  readonly wrong: readonly string[];
  /** Expressions with a name that the headers do not have. */
  readonly unknown: readonly string[];
}

/**
 * Compares claims with the headers of a compiler: each becomes a `_Static_assert` on a line of its own, so that the line
 * of a complaint says which claim it is about. Nothing is run, so that it works for another architecture, too.
 */
export function compare({ command }: Compiler, headers: readonly string[], claims: readonly Claim[]): Comparison {
  const includes = ['stddef.h', ...headers].map((header) => `#include <${header}>`);
  const asserts = claims.map(({ expression, value }) => {
    const expected = value < 0 ? `${value}` : `${value}UL`;
    return `_Static_assert((unsigned long)(${expression}) == (unsigned long)${expected}, "differs");`;
  });
  const { stderr, error } = spawnSync(
    command,
    // _GNU_SOURCE: without it the C library hides some of the kernel's names.
    ['-x', 'c', '-std=gnu11', '-D_GNU_SOURCE', '-fsyntax-only', '-fmax-errors=0', '-w', '-'],
    { input: [...includes, ...asserts, ''].join('\n'), encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
  );
  if (error !== undefined) throw error;

  const wrong = new Map<number, string>();
  const unknown = new Set<number>();
  for (const line of stderr.split('\n')) {
    const complaint = /^(.+?):(\d+):\d+: (?:fatal )?error: (.*)$/.exec(line);
    if (complaint === null) continue;
    const [, file, at, message] = complaint as unknown as [string, string, string, string];
    const claim = Number(at) - includes.length - 1;
    if (file !== '<stdin>' || claim < 0) throw new Error(`<${headers.join('>, <')}> do not compile: ${line}`);
    if (/undeclared|undefined type|no member named|incomplete type/.test(message)) unknown.add(claim);
    else wrong.set(claim, `${claims[claim]?.expression} is not ${claims[claim]?.value}: ${message}`);
  }
  // What is not known is complained about a second time, as not being a number.
  for (const claim of unknown) wrong.delete(claim);
  return {
    agreed: claims.length - wrong.size - unknown.size,
    wrong: [...wrong.values()],
    unknown: [...unknown].map((claim) => claims[claim]?.expression as string),
  };
}
