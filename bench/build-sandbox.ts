import { lstatSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bare, type Sandbox } from 'linux-isolate';
import { kinds } from './kinds.js';
import { ladder } from './ladder.js';
import { nodePeer } from './peer.js';

// What builds a package: an empty root in memory, eight directories of the host that cannot be written, /proc, /dev and /tmp.

const binds = 8;

/** The folder of the bench, where its programs are. */
const folder = fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '');

/** Where programs and their libraries are: directories, or links into /usr. */
const system = ['/usr', '/bin', '/lib', '/lib64', '/sbin'];
const others = ['/etc', '/opt', '/srv', '/var/lib', '/var/cache', '/var/log', '/media', '/mnt', '/home'];
/** Where the programs of the bench are below /tmp, that is not covered. */
const scratch = folder.startsWith('/tmp/') ? '/build' : '/tmp';
const needed = [folder, ...system.filter((path) => typeOf(path) === 'directory')];
const further = others.filter((path) => typeOf(path) === 'directory').slice(0, binds - needed.length);
const links = system
  .filter((path) => typeOf(path) === 'link')
  .map((path) => ({ path, to: readlinkSync(path, { encoding: 'utf8' }) }));

/** What programs of the host need of it: directories, and links into those. */
export const hostSystem = { binds: needed, links } as const;

/** The last step. */
export const built = '+ scratch: isolate, build sandbox';
export const builtByBubblewrap = 'bwrap, build sandbox';

const bindAll = (sandbox: Sandbox, paths: readonly string[]) =>
  paths.reduce((made, path) => made.roBind(path), sandbox);
const linkAll = (sandbox: Sandbox) => links.reduce((made, { path, to }) => made.symlink(to, path), sandbox);
const namespaces = bare()
  .unshare(...kinds)
  .proc(false)
  .cwd('/');

/** A build sandbox and how it comes to be. Nothing can be run in an empty root: what the command needs comes with it. */
export const buildLadder = ladder(
  'a build sandbox',
  namespaces,
  [
    ['seven namespaces, nothing mounted', (sandbox) => sandbox],
    [
      `+ empty root, ${needed.length} binds, ${links.length} links`,
      (sandbox) => linkAll(bindAll(sandbox.emptyRoot({ readOnly: false }), needed)),
    ],
    [`+ ${further.length} binds`, (sandbox) => bindAll(sandbox, further)],
    ['+ /proc', (sandbox) => sandbox.proc()],
    ['+ /dev', (sandbox) => sandbox.dev()],
    [built, (sandbox) => sandbox.tmpfs(scratch)],
  ],
  [
    nodePeer(builtByBubblewrap, (command) => [
      'bwrap',
      [
        ...kinds.filter((kind) => kind !== 'mount').map((kind) => `--unshare-${kind}`),
        '--as-pid-1',
        ...needed.flatMap((path) => ['--ro-bind', path, path]),
        ...links.flatMap(({ path, to }) => ['--symlink', to, path]),
        ...further.flatMap((path) => ['--ro-bind', path, path]),
        ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', scratch, '--chdir', '/', command],
      ],
    ]),
  ],
);

function typeOf(path: string): 'directory' | 'link' | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isSymbolicLink()) return 'link';
  return stats?.isDirectory() ? 'directory' : undefined;
}
