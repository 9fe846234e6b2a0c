import { readFileSync } from 'node:fs';
import { type IdMap, namespacesOf } from '../ns/index.js';
import type { HostProcess, HostProcesses } from './spec/host-processes.js';
import type { JoinSpec } from './spec/join.js';

/** The processes that this program sees. */
export const thisHostProcesses: HostProcesses = {
  own: () => namespacesOf('self'),
  find: (process) => {
    try {
      return read(pidOf(process));
    } catch {
      return undefined;
    }
  },
};

function read(pid: number): HostProcess {
  const text = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8');
  return {
    namespaces: namespacesOf(pid),
    maps: { users: parseMap(text('uid_map')), groups: parseMap(text('gid_map')) },
    setgroupsAllowed: text('setgroups').trim() === 'allow',
  };
}

function pidOf(process: NonNullable<JoinSpec['process']>): number {
  if ('pid' in process) return process.pid;
  const info = readFileSync(`/proc/self/fdinfo/${process.pidfd}`, 'utf8');
  return Number(/^Pid:\s*(\d+)$/m.exec(info)?.[1]);
}

/** The lines of a map file: user_namespaces(7). */
function parseMap(text: string): IdMap[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [inside = 0, outside = 0, count = 0] = line.trim().split(/ +/).map(Number);
    return { inside, outside, count };
  });
}
