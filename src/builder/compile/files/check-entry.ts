import { match, P } from 'ts-pattern';
import { propagations } from '../../../ns/index.js';
import { CAP, SpecError } from '../../../sys/index.js';
import type { FilesEntry } from '../../spec/file-entry.js';
import { hasGroup } from '../../spec/group-of.js';
import { type Host, hasCapability } from '../../spec/host.js';
import type { ProcessSpec } from '../../spec/process-spec.js';
import { readSize } from '../../spec/size.js';
import { originOf } from './origin.js';

/** PATH_MAX: the kernel takes no longer path. */
const longestPath = 4095;

/** Refuses what no view can have, before anything of it is planned. */
export function checkEntry(entry: FilesEntry, spec: ProcessSpec, host: Host): void {
  const refuse: Refuse = (problem, help) => new SpecError('files', `${originOf(entry)}: ${problem}`, help);
  if ('target' in entry) checkPath('the target', entry.target, refuse);
  if (
    'mode' in entry &&
    entry.mode !== undefined &&
    !(Number.isInteger(entry.mode) && entry.mode >= 0 && entry.mode <= 0o7777)
  ) {
    throw refuse(`${entry.mode} is not a mode from 0 to 0o7777`);
  }
  match(entry)
    .with({ type: 'bind' }, ({ source }) => {
      if (typeof source === 'string') checkText('the source', source, refuse);
      else if (!Number.isInteger(source) || source < 0) throw refuse(`${source} is not a descriptor`);
    })
    .with({ type: 'tmpfs' }, ({ size, inodes }) => {
      if (size !== undefined) checkSize(size, refuse);
      if (inodes !== undefined && !(Number.isSafeInteger(inodes) && inodes > 0)) {
        throw refuse(`${inodes} is not a number of files from 1 on`);
      }
    })
    .with({ type: 'overlay' }, ({ lowers = [], upper, work, size }) => {
      for (const path of lowers) checkText('a lower directory', path, refuse);
      for (const path of [upper, work]) if (path !== undefined) checkText('a directory for changes', path, refuse);
      if (size !== undefined) checkSize(size, refuse);
    })
    .with({ type: 'file', encoding: 'base64' }, ({ contents }) => {
      const isBase64 = contents.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(contents);
      if (!isBase64) throw refuse('its contents are not base64');
    })
    .with({ type: 'symlink' }, ({ to }) => {
      checkText('what the link says', to, refuse);
      if (to === '') throw refuse('a symbolic link has to say something');
    })
    .with({ type: 'propagation' }, ({ kind }) => {
      if (!propagations.includes(kind))
        throw refuse(`there is no propagation ${JSON.stringify(kind)}`, propagations.join(', '));
    })
    .with({ type: 'proc' }, () => {
      if (!spec.unshare.includes('pid')) {
        throw refuse('a proc of the same PID namespace shows nothing new', "add .unshare('pid')");
      }
    })
    .with({ type: P.union('sysfs', 'mqueue') }, ({ type }) => {
      const kind = type === 'sysfs' ? 'net' : 'ipc';
      if (spec.unshare.includes(kind) || (!spec.unshare.includes('user') && hasCapability(host, CAP.SYS_ADMIN))) return;
      throw refuse(`the kernel gives it to those alone who own the ${kind} namespace`, `add .unshare('${kind}')`);
    })
    .with({ type: 'cgroupfs' }, () => {
      if (!spec.unshare.includes('cgroup')) {
        throw refuse('it would show the control groups of the caller', "add .unshare('cgroup')");
      }
      if (!hasGroup(spec)) {
        throw refuse(
          'the command has no control group of its own, and would be shown that of this program with all that is in it',
          'add .limits({ … }), or .cgroup({}) for one without limits',
        );
      }
    })
    .otherwise(() => {});
}

type Refuse = (problem: string, help?: string) => SpecError;

function checkSize(size: number | string, refuse: Refuse): void {
  const read = readSize(size);
  if ('problem' in read) throw refuse(read.problem, read.help);
}

function checkText(name: string, text: string, refuse: Refuse): void {
  if (text.includes('\0')) throw refuse(`${name} has a NUL inside`);
  if (Buffer.byteLength(text) > longestPath) throw refuse(`${name} has more than ${longestPath} bytes`);
}

function checkPath(name: string, path: string, refuse: Refuse): void {
  checkText(name, path, refuse);
  if (!path.startsWith('/')) throw refuse(`${name} ${JSON.stringify(path)} is not an absolute path`);
  if (path.split('/').includes('..'))
    throw refuse(`${name} ${JSON.stringify(path)} has a ".." in it`, 'say where it is');
  if (path.split('/').some((part) => Buffer.byteLength(part) > 255))
    throw refuse(`${name} has a name of more than 255 bytes`);
}
