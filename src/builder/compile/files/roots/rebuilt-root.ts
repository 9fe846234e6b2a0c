import { posix } from 'node:path';
import type { HostFile } from '../../../spec/host-files.js';
import type { Assembly } from '../assembly.js';
import { entriesOf } from '../room.js';
import { View } from '../view.js';
import { inside } from '../walk.js';
import type { PlannedRoot, RootFrame } from './frame.js';
import { emptyRoot } from './new-root.js';

/** A root of ours with everything that is in a directory of the host: so names can be added that are not there. */
export function rebuiltRoot(frame: RootFrame, source: string): PlannedRoot {
  const root = emptyRoot(frame, true);
  const seen = new View(frame.host.files, frame.hostMount(source));
  const begin = () => {
    root.begin();
    for (const [name, file] of entriesOf(root.assembly, '/', seen)) putBack(frame, root.assembly, source, name, file);
  };
  return { ...root, begin };
}

function putBack(frame: RootFrame, assembly: Assembly, source: string, name: string, file: HostFile): void {
  if (file.type === 'symlink') {
    assembly.make({ path: '/', missing: [name] }, file);
    return;
  }
  const path = posix.join(source, name);
  const what = file.type === 'directory' ? 'directory' : 'file';
  const place = assembly.place(inside('/', name), what);
  const fd = frame.calls.bind(assembly, {
    source: { from: 'directory', path: source, name, what },
    place,
    attributes: frame.attributes,
    recursive: true,
    why: `${path} of the host, as it is`,
  });
  assembly.mounted(place, frame.hostMount(path), fd);
}
