import { type NamespaceIds, namespaceIdOf, namespacesOf } from '../../ns/index.js';
import type { Launched } from '../../sys/index.js';
import type { Plan } from '../plan.js';

/** Which namespaces a command is in, as its own steps found out; undefined where the plan has none. */
export function identified(plan: Plan, launched: Launched): NamespaceIds | undefined {
  const { identify } = plan.parts;
  if (identify.length === 0) return undefined;
  const link = 2;
  return Object.fromEntries(
    identify.map(({ kind, step }) => [kind, namespaceIdOf(launched.output(step, link) as Buffer)]),
  );
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
