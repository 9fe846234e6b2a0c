import { type NamespaceKind, namespaceKinds } from '../../ns/index.js';
import { SpecError } from '../../sys/index.js';

/** Namespaces of others that a process enters. */
export interface JoinSpec {
  /** Those of a process, by its pid or by an open pidfd of the caller. */
  readonly process?: { readonly pid: number } | { readonly pidfd: number };
  /** Which of that process's; left out, all in which it is not together with the caller. */
  readonly kinds?: readonly NamespaceKind[];
  /** Those that have a path, as `/run/netns/NAME` or `/proc/PID/ns/net`. */
  readonly paths?: Readonly<Partial<Record<NamespaceKind, string>>>;
}

/** What is joined: a pid; a process and, where not all of its namespaces are meant, which; or paths of namespaces by their kinds. */
export type JoinInput =
  | number
  | { readonly pid: number; readonly kinds?: readonly NamespaceKind[] }
  | { readonly pidfd: number; readonly kinds?: readonly NamespaceKind[] }
  | Readonly<Partial<Record<NamespaceKind, string>>>;

/**
 * Reads what is to be joined.
 *
 * @throws SpecError - it is none of it.
 */
export function readJoin(input: JoinInput): JoinSpec {
  if (typeof input === 'number') return { process: { pid: input } };
  if (isOfPid(input)) return withKinds({ pid: input.pid }, input);
  if ('pidfd' in input) return withKinds({ pidfd: input.pidfd }, input);
  const paths = Object.entries(input).filter(([, path]) => path !== undefined);
  for (const [kind, path] of paths) {
    checkKind(kind);
    if (typeof path !== 'string') throw new SpecError('join', `${kind}: ${JSON.stringify(path)} is not a path`);
  }
  if (paths.length === 0) throw new SpecError('join', 'nothing is named that could be joined');
  return { paths: Object.fromEntries(paths) };
}

/** `pid` is also a kind of namespaces: then it has a path. */
function isOfPid(input: Exclude<JoinInput, number>): input is Extract<JoinInput, { pid: number }> {
  return 'pid' in input && typeof input.pid === 'number';
}

function withKinds(
  process: NonNullable<JoinSpec['process']>,
  { kinds }: { readonly kinds?: readonly NamespaceKind[] },
): JoinSpec {
  if (kinds === undefined) return { process };
  for (const kind of kinds) checkKind(kind);
  return { process, kinds: namespaceKinds.filter((kind) => kinds.includes(kind)) };
}

function checkKind(kind: string): void {
  if ((namespaceKinds as readonly string[]).includes(kind)) return;
  throw new SpecError(
    'join',
    `there is no namespace ${JSON.stringify(kind)}`,
    `a pid, { pid } or { pidfd }, or paths by kind: ${namespaceKinds.join(', ')}`,
  );
}

/** Both of two: what is named later wins. */
export function addJoin(before: JoinSpec | undefined, added: JoinSpec): JoinSpec {
  if (added.process !== undefined) return { ...(before?.paths === undefined ? {} : { paths: before.paths }), ...added };
  return { ...before, paths: { ...before?.paths, ...added.paths } };
}
