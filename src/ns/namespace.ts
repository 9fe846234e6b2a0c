/** The kinds of namespaces, by the names that unshare(1) and nsenter(1) give them. */
export const namespaceKinds = ['user', 'mount', 'pid', 'net', 'ipc', 'uts', 'cgroup', 'time'] as const;

/** One of the eight kinds of namespaces that Linux has. */
export type NamespaceKind = (typeof namespaceKinds)[number];

/** What is known of a kind of namespaces. */
export interface Namespace {
  readonly kind: NamespaceKind;
  /** The bit that asks clone3(2), unshare(2) and setns(2) for it. */
  readonly flag: number;
  /** Its file below `/proc/PID/ns`. */
  readonly file: string;
  /** The file below `/proc/sys/user` that limits how many there may be. */
  readonly limit: string;
  /** What a process in a new one has for itself. */
  readonly isolates: string;
  /** Its manual page. */
  readonly man: string;
}
