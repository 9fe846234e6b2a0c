import { type NamespaceIds, namespacesOf } from '../../ns/index.js';
import type { Launched } from '../../sys/index.js';
import type { Plan } from '../plan.js';

/** Which namespaces a command is in, as its plan knew or found out; undefined where that was not to, or could not. */
export function identified(plan: Plan, launched: Launched): NamespaceIds | undefined {
  const { identify } = plan.parts;
  if (identify === undefined) return undefined;
  const found = identify.steps.map(({ kind, step, idFrom }) => {
    return [kind, idFrom((argument) => launched.output(step, argument))];
  });
  return { ...identify.known, ...Object.fromEntries(found) };
}

/** What a command did not find out itself; undefined where it is gone, or out of sight: one that is about to end has some no more. */
export function seenFromHere(pid: number): NamespaceIds | undefined {
  try {
    const seen = namespacesOf(pid);
    return Object.keys(namespacesOf()).every((kind) => Object.hasOwn(seen, kind)) ? seen : undefined;
  } catch {
    return undefined;
  }
}
