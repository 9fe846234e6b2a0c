// Which processes there are.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

interface ProcessFacts {
  readonly pid: number;
  /** `Z` is a zombie: proc_pid_stat(5). */
  readonly state: string;
  readonly session: number;
}

function factsOf(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid, state, session: Number(session) };
  } catch {
    return undefined;
  }
}

/** The processes of a session that have not ended. */
export function aliveInSession(session: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => factsOf(Number(name)) ?? [])
    .filter((facts) => facts.session === session && !'ZX'.includes(facts.state))
    .map(({ pid }) => pid);
}

export function isAlive(pid: number): boolean {
  const facts = factsOf(pid);
  return facts !== undefined && !'ZX'.includes(facts.state);
}

/** Waits until something is so. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let times = 0; !isSo(); times++) {
    if (times > 3000) throw new Error(`${what}: not within 30 s`);
    await setTimeout(10);
  }
}
