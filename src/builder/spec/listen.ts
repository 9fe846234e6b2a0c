import { SpecError } from '../../sys/index.js';

/** A socket that a command takes over, as systemd hands them to a service: see sd_listen_fds(3). */
export interface ListenEntry {
  /** An open descriptor of the caller. */
  readonly fd: number;
  /** What the command knows it by, in `LISTEN_FDNAMES`; `unknown` if not given. */
  readonly name?: string;
}

/** The first descriptor that is handed over: SD_LISTEN_FDS_START. */
export const firstListenFd = 3;

/** The longest name, and a colon would separate two: FDNAME_MAX. */
const longestName = 255;

/** The variables that tell a command of its sockets; the pid is written in by its own process. */
export const listenVariables = { pid: 'LISTEN_PID', count: 'LISTEN_FDS', names: 'LISTEN_FDNAMES' } as const;

/** @throws SpecError - a descriptor or a name cannot be. */
export function checkListen(entries: readonly ListenEntry[]): void {
  for (const { fd, name } of entries) {
    if (!Number.isInteger(fd) || fd < 0) throw new SpecError('listen', `${JSON.stringify(fd)} is no descriptor`);
    if (name === undefined) continue;
    const isName = typeof name === 'string' && name.length <= longestName && /^[\x20-\x7e]+$/.test(name);
    if (isName && !name.includes(':')) continue;
    throw new SpecError(
      'listen',
      `${JSON.stringify(name)} is no name for a socket`,
      `1 to ${longestName} printable ASCII characters without a colon`,
    );
  }
}

/** What the variables say where sockets are handed over; `null` for what is not inherited. */
export function listenEnvironment(
  entries: readonly ListenEntry[] | undefined,
): Readonly<Record<string, string | null>> {
  if (entries === undefined) return {};
  const { pid, count, names } = listenVariables;
  return {
    [pid]: null,
    [count]: String(entries.length),
    [names]: entries.map(({ name = 'unknown' }) => name).join(':'),
  };
}
