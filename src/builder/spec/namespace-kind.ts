import { type NamespaceKind, namespaceKinds } from '../../ns/index.js';
import { SpecError } from '../../sys/index.js';

/** Refuses what is no kind of namespaces; `field` is where it was given. */
export function checkKinds(field: 'unshare' | 'share', kinds: readonly NamespaceKind[]): void {
  const unknown = kinds.find((kind) => !namespaceKinds.includes(kind));
  if (unknown === undefined) return;
  throw new SpecError(field, `there is no namespace ${JSON.stringify(unknown)}`, `one of ${namespaceKinds.join(', ')}`);
}
