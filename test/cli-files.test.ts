// The options of isolate run and explain that say which files a command sees.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { renderChanges } from '../src/cli/render-changes.js';
import { either, freshProcRefused, memoryOverlaysRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { type Ended, runEach } from './helpers/command-lines.js';
import { foldersFor } from './helpers/folder.js';

const folder = foldersFor(test)();
const noProc = either(userNamespacesRefused(), freshProcRefused());
const noSnapshot = either(noProc, memoryOverlaysRefused());

function made(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const run = (...argv: string[]): Ended => runEach([['run', ...argv]])[0] as Ended;
const ofShell = (options: string[], script: string): Ended => run(...options, '--', 'sh', '-c', script);

skipUnless(test, noProc, '--ro and --rw: at the same place or another, a colon in a name', () => {
  mkdirSync(join(folder, 'a:b'));
  writeFileSync(join(folder, 'a:b/text'), 'with a colon');
  const there = join(folder, 'there');
  mkdirSync(there);
  const colon = join(folder, 'a\\:b');
  const { stdout, stderr, status } = ofShell(
    ['--ro', `${colon}:/mine`, '--rw', there, '--rw', `${there}:/other`],
    `cat /mine/text; touch /mine/x || echo refused; echo kept > ${there}/kept; cat /other/kept`,
  );
  assert.equal([stdout, status], ['with a colonrefused\nkept\n', 0], stderr);
  assert.is(readFileSync(join(there, 'kept'), 'utf8'), 'kept\n');
});

skipUnless(test, noProc, 'the order of --ro, --rw and --tmpfs is that of the line', () => {
  const file = made('ordered', 'of the host\n');
  const last = ofShell(['--ro', `${file}:/mnt/x`, '--tmpfs', '/mnt:1M'], 'ls -A /mnt');
  const first = ofShell(
    ['--tmpfs', '/mnt:1M', '--ro', `${file}:/mnt/x`],
    'cat /mnt/x; df -k --output=size /mnt | tail -1',
  );
  assert.is(last.stdout, '', last.stderr);
  assert.match(first.stdout, /^of the host\n\s*1024\n$/);
});

skipUnless(test, noProc, '--rootfs and --empty-root', () => {
  const system = [
    '--ro',
    '/usr',
    '--ro',
    '/bin',
    ...['/lib', '/lib64'].filter(existsSync).flatMap((path) => ['--ro', path]),
  ];
  const empty = ofShell(['--empty-root', ...system], 'echo /*; pwd; touch /x || echo refused');
  assert.match(empty.stdout, /^\/bin .*\/usr\n\/\nrefused\n$/, empty.stderr);
  assert.not.match(empty.stdout, '/etc');
  const root = join(folder, 'root');
  mkdirSync(join(root, 'marked'), { recursive: true });
  const own = ofShell(['--rootfs', root, ...system], 'ls -d /marked; touch /marked/x || echo refused');
  assert.is(own.stdout, '/marked\nrefused\n', own.stderr);
});

skipUnless(
  test,
  noSnapshot,
  '--overlay and --diff: the host stays as it is, and what would have changed is told on stderr',
  () => {
    const tried = join(folder, 'tried');
    mkdirSync(join(tried, 'gone'), { recursive: true });
    for (const name of ['changed', 'touched', 'gone/file']) writeFileSync(join(tried, name), 'old\n');
    const script = `cd ${tried}; echo new > changed; touch -d @1 touched; rm -r gone; mkdir 'a
b'; echo seen`;
    const { stdout, stderr, status } = ofShell(['--overlay', tried, '--diff'], `${script}; exit 3`);
    assert.equal([stdout, status], ['seen\n', 3], stderr);
    assert.equal(stderr.split('\n'), [
      `A ${JSON.stringify(`${tried}/a\nb/`)}`,
      `M ${tried}/changed`,
      `D ${tried}/gone/`,
      `M ${tried}/touched (metadata)`,
      '',
    ]);
    assert.is(readFileSync(join(tried, 'changed'), 'utf8'), 'old\n');
    assert.ok(existsSync(join(tried, 'gone/file')));
    assert.is(ofShell(['--overlay', tried], script).stderr, '', 'without --diff nothing is told');
  },
);

test('what cannot be is refused, with 125, and names the option or the entry', () => {
  const file = made('file', '');
  const refused: Record<string, [options: string[], message: RegExp]> = {
    'a size of 0': [['--tmpfs', '/x:0'], /\.tmpfs\("\/x", .*a size of 0/],
    'three paths': [['--ro', 'a:b:c'], /^isolate: --ro: "a:b:c" is not one path, or two/],
    'an empty path': [['--rw', ':/x'], /^isolate: --rw: /],
    'a missing source': [['--ro', `${folder}/none`], /\.roBind\(.*none.* is not there/],
    'a missing root': [['--rootfs', `${folder}/none`], /root: .*none" is not there/],
    'a file as root': [['--rootfs', file], /root: .*file" is no directory/],
    'both roots': [['--rootfs', '/', '--empty-root'], /cannot be used with/],
    '--diff alone': [['--diff'], /^isolate: --diff: there is no --overlay/],
  };
  if (noSnapshot === undefined) {
    refused['no overlay of a file'] = [['--overlay', file], /\.snapshot\(.*is no directory/];
  }
  const ended = runEach(Object.values(refused).map(([options]) => ['run', ...options, '--', 'true']));
  for (const [i, [name, [, message]]] of Object.entries(refused).entries()) {
    assert.is(ended[i]?.status, 125, `${name}: ${ended[i]?.stderr}`);
    assert.match(ended[i]?.stderr ?? '', message, name);
  }
});

test('a name that could forge a line, or speak to a terminal, is quoted', () => {
  const path = '/a\u001b[31m\u009b"\\\nD /etc/passwd';
  const line = renderChanges([{ path, kind: 'added', type: 'file', mode: 0o4755, uid: 0, gid: 0 }]);
  assert.is(line, 'A "/a\\u001b[31m\\u009b\\"\\\\\\nD /etc/passwd" (set-user-ID)\n');
});

test.run();
