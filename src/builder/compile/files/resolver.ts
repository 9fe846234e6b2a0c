import type { Assembly } from './assembly.js';
import type { FilesContext } from './context.js';
import { walk } from './walk.js';

const configuration = '/etc/resolv.conf';

/** Where hosts that make it when they start link it to something in /run: the names of the network can be found with it again. */
export function planResolver(assembly: Assembly, { spec }: FilesContext): void {
  if (spec.root !== undefined && spec.root.type !== 'host') return;
  const onHost = walk(assembly.host.files.at, configuration, { followLast: true });
  if (typeof onHost === 'string' || onHost.file?.type !== 'file') return;
  const inView = walk(assembly.view.at, onHost.path, { followLast: false });
  if (typeof inView === 'string' || inView.file !== undefined) return;
  const place = assembly.place(onHost.path, 'file');
  const attributes = { readOnly: true, nosuid: true, nodev: true, noexec: true };
  const source = { from: 'host', path: onHost.path } as const;
  const why = `${configuration} leads here`;
  const fd = assembly.calls.bind(assembly, { source, place, attributes, recursive: false, why });
  assembly.mounted(place, { kind: 'host', source: onHost.path, attributes }, fd);
}
