// What each entry of a view does, as seen from inside: with the mount calls of this kernel, and with those of older ones.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isolate, Sandbox, SpecError, StepError } from '../src/index.js';
import { either, isRoot, memoryOverlaysRefused, rootOnly, skipUnless } from './helpers/can.js';
import { contentsOf, foldersFor, stateOf } from './helpers/folder.js';
import { openDescriptors } from './helpers/host-state.js';
import { script, shell } from './helpers/inside.js';
import { programOf, repository } from './helpers/program.js';
import { everyWay as everyWayOf, hostMounts, type MountLine, noNamespaces, type Way } from './helpers/ways.js';

const newFolder = foldersFor(test);

const everyWay = (
  name: string,
  run: (way: Way) => Promise<void>,
  reason?: string,
  some?: (way: Way) => boolean,
): void => everyWayOf(test, name, run, reason, some);

/** Where what is changed is kept in memory. */
const everyWayInMemory = (name: string, run: (way: Way) => Promise<void>): void =>
  everyWay(name, run, memoryOverlaysRefused());

const user = process.geteuid?.() ?? 0;
const readOnly = /Read-only file system/;
const denied = /Permission denied/;
/** Characters that mean something to a shell, to mount(8), to /proc/mounts, or to an overlay. */
const odd = 'a,b:c\\d "e\'f\ng=h';

// What `/` is.

everyWay('hostRoot() is the tree of the host, and nothing in it can be written', async (way) => {
  const folder = newFolder({ file: 'of the host' });
  const box = way.box().hostRoot();
  const shown = await way.shell(
    box,
    'cat "$1/file"; echo; (true > "$1/new"); (true >> "$1/file"); (mkdir /new)',
    folder,
  );
  const [contents, ...errors] = shown.split('\n');
  assert.is(contents, 'of the host');
  assert.is(errors.length, 3, shown);
  for (const error of errors) assert.match(error, readOnly);
  assert.equal(contentsOf(folder), { file: 'of the host' });
});

/** Directories of the host below which something else is mounted, which the caller may look at. */
const withMountsBelow = ['/sys', '/dev', '/proc', '/run'].filter((path) =>
  hostMounts().some((mount) => mount.path.startsWith(`${path}/`)),
);
const noMountsBelow = withMountsBelow.length === 0 ? 'nothing is mounted below /sys, /dev, /proc or /run' : undefined;
const above = withMountsBelow[0] as string;

/** Of several mounts on one place, the one on top is what is seen. */
const seen = (mounts: readonly MountLine[]): MountLine[] =>
  mounts.filter((mount, i) => !mounts.slice(i + 1).some(({ path }) => path === mount.path));

everyWay('hostRoot() has every mount of the host, and each is read-only', async (way) => {
  const mounts = await way.mounts(way.box().hostRoot());
  const paths = (list: { path: string }[]) => [...new Set(list.map(({ path }) => path))].sort();
  assert.equal(paths(mounts), paths(hostMounts()));
  // On top of /proc is that of the new PID namespace.
  const writable = seen(mounts).filter(({ options }) => !options.includes('ro'));
  assert.equal(
    writable.map(({ path }) => path),
    ['/proc'],
  );
});

everyWay('hostRoot() takes more from all of its mounts', async (way) => {
  const mounts = await way.mounts(way.box().hostRoot({ nosuid: true, nodev: true }));
  for (const { path, options } of seen(mounts)) {
    for (const option of path === '/proc' ? [] : ['ro', 'nosuid', 'nodev']) {
      assert.ok(options.includes(option), `${path} is ${options}`);
    }
  }
  const error = await way.shell(way.box().hostRoot({ nodev: true }), 'cat /dev/null');
  assert.match(error, denied);
  assert.is(await way.shell(way.box().hostRoot(), 'cat /dev/null'), '');
});

everyWay(
  'hostRoot({ readOnly: false }) leaves the host as it is: what can be written, and what cannot',
  async (way) => {
    const folder = newFolder();
    const box = way.box().hostRoot({ readOnly: false });
    await way.shell(box, 'echo inside > "$1/file"', folder);
    assert.equal(contentsOf(folder), { file: 'inside\n' });
    const options = (mounts: readonly MountLine[]) =>
      seen(mounts)
        .flatMap((mount) => (mount.path === '/proc' ? [] : [`${mount.path} ${mount.options}`]))
        .sort();
    assert.equal(options(await way.mounts(box)), options(hostMounts()));
  },
);

/** What programs need, in an empty root or one of a directory. */
const systemLinks = ['bin', 'sbin', 'lib', 'lib64'].filter((name) => existsSync(`/${name}`));
function withSystem(root: Sandbox): Sandbox {
  return systemLinks.reduce((made, name) => made.roBind(`/${name}`), root.roBind('/usr'));
}

everyWay('emptyRoot() has what is put there, and nothing else', async (way) => {
  const box = withSystem(way.box().emptyRoot()).dir('/empty').file('/etc/name', 'value');
  const names = await way.shell(
    box,
    'cd /; ls -A; cat /etc/name; echo; (mkdir /new); (true > /etc/new); (true > /empty/new)',
  );
  const lines = names.split('\n');
  assert.equal(lines.slice(0, -4), ['empty', 'etc', 'proc', 'usr', ...systemLinks].sort());
  assert.is(lines.at(-4), 'value');
  for (const line of lines.slice(-3)) assert.match(line, readOnly);
});

everyWay('emptyRoot() has no mount of the host, and no way back to it', async (way) => {
  const box = withSystem(way.box().emptyRoot());
  const paths = (await way.mounts(box)).map(({ path }) => path);
  const below = (path: string) =>
    ['/usr', ...systemLinks.map((name) => `/${name}`)].some((one) => path.startsWith(one));
  assert.equal(
    paths.filter((path) => !below(path)),
    ['/', '/proc'],
  );
  const names = 'ls -A / | tr "\\n" " "';
  const root = await way.shell(box, names);
  // An init of ours cannot be looked into: the command is process 1.
  for (const path of ['/..', '/../../..', '/proc/1/root/', '/proc/self/root/..', '/proc/1/cwd/']) {
    assert.is(await way.shell(box.asPid1(), `ls -A ${path} | tr "\\n" " "`), root, path);
  }
});

everyWay('emptyRoot({ readOnly: false }) can be written', async (way) => {
  const box = withSystem(way.box().emptyRoot({ readOnly: false }));
  assert.is(await way.shell(box, 'mkdir /new; echo there > /new/file; cat /new/file; stat -c %a /'), 'there\n755');
});

/** A directory that holds a system: the programs are those of the host. */
function newRoot(): string {
  const root = newFolder({ 'etc/name': 'of the root', 'usr/': '', 'tmp/': '', 'proc/': '', 'dev/': '' });
  for (const name of systemLinks) mkdirSync(join(root, name));
  return root;
}

everyWay('rootfs() is the directory, read-only, and nothing of the host beside it', async (way) => {
  const root = newRoot();
  const before = stateOf(root);
  const box = withSystem(way.box().rootfs(root)).tmpfs('/tmp');
  const shown = await way.shell(
    box,
    'ls -A / | tr "\\n" " "; cat /etc/name; echo; (mkdir /new); (true > /etc/new); true > /tmp/new; ls /tmp',
  );
  const [, ...lines] = shown.split('\n');
  assert.ok(shown.startsWith(`${readdirSync(root).sort().join(' ')} of the root\n`), shown);
  assert.match(lines[0] ?? '', readOnly);
  assert.match(lines[1] ?? '', readOnly);
  assert.is(lines[2], 'new');
  assert.ok((await way.mountAt(box, '/')).options.includes('nosuid'));
  assert.ok((await way.mountAt(box, '/')).options.includes('nodev'));
  assert.equal(stateOf(root), before);
  for (const path of ['/..', '/proc/1/root/', '/proc/self/root/../..']) {
    assert.is(
      await way.shell(box.asPid1(), `ls -A ${path}/ | tr "\\n" " "`),
      `${readdirSync(root).sort().join(' ')} `,
      path,
    );
  }
});

everyWay('rootfs() gets a place in its root that it lacks, and the directory stays as it is', async (way) => {
  const root = newRoot();
  symlinkSync('etc/name', join(root, 'link'));
  writeFileSync(join(root, 'file'), 'contents');
  const before = stateOf(root);
  const box = withSystem(way.box().rootfs(root)).tmpfs('/new/place');
  const shown = await way.shell(
    box,
    'true > /new/place/x; ls -A / /new/place | tr "\\n" " "; cat /file /link; (true > /y)',
  );
  const names = [...readdirSync(root), 'new'].sort().join(' ');
  assert.ok(shown.startsWith(`/: ${names}  /new/place: x contentsof the root`), shown);
  assert.match(shown, readOnly);
  assert.equal(stateOf(root), before);
});

everyWay('rootfs(dir, { readOnly: false }) can be written', async (way) => {
  const root = newRoot();
  await way.shell(withSystem(way.box().rootfs(root, { readOnly: false })), 'echo new > /etc/name; mkdir /made');
  assert.is(readFileSync(join(root, 'etc/name'), 'utf8'), 'new\n');
  assert.ok(statSync(join(root, 'made')).isDirectory());
});

const noCompiler = (() => {
  try {
    const source = join(
      newFolder({ 'hello.c': '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n' }),
      'hello.c',
    );
    execFileSync('gcc', ['-static', '-o', source.replace('.c', ''), source], { stdio: 'pipe' });
    return { reason: undefined, hello: source.replace('.c', '') };
  } catch (error) {
    return { reason: `no static program can be made: ${(error as Error).message}`, hello: '' };
  }
})();

everyWay(
  'a static program is all that a root needs',
  async (way) => {
    const root = newFolder({ 'proc/': '' });
    execFileSync('cp', [noCompiler.hello, join(root, 'hello')]);
    assert.is(await way.output(way.box().rootfs(root), '/hello'), 'hello');
    assert.is(await way.output(way.box().emptyRoot().roBind(noCompiler.hello, '/hello'), '/hello'), 'hello');
  },
  noCompiler.reason,
);

// Binds.

everyWay('bind() shows a directory, and what is written there is on the host', async (way) => {
  const [source, target] = [newFolder({ file: 'here' }), newFolder({ hidden: '' })];
  const box = way.box().bind(source, target);
  assert.is(await way.shell(box, 'cd "$1"; ls; cat file; echo new > new', target), 'file\nhere');
  assert.equal(contentsOf(source), { file: 'here', new: 'new\n' });
  assert.equal(contentsOf(target), { hidden: '' });
  const { options } = await way.mountAt(box, target);
  for (const option of ['rw', 'nosuid', 'nodev']) assert.ok(options.includes(option), String(options));
});

everyWay('bind() of a file, on a file', async (way) => {
  const [source, target] = [newFolder({ a: 'source' }), newFolder({ b: 'target' })];
  assert.is(
    await way.shell(way.box().bind(`${source}/a`, `${target}/b`), 'cat "$1/b"; echo more > "$1/b"', target),
    'source',
  );
  assert.equal([contentsOf(source), contentsOf(target)], [{ a: 'more\n' }, { b: 'target' }]);
});

everyWay('bind() without a target is where it is on the host, also in what is hidden', async (way) => {
  const source = newFolder({ 'deep/down/file': 'here', beside: '' });
  const box = way.box().tmpfs(source).roBind(`${source}/deep/down`);
  assert.is(
    await way.shell(box, 'cd "$1"; find . | sort; cat deep/down/file', source),
    '.\n./deep\n./deep/down\n./deep/down/file\nhere',
  );
});

everyWay('bind() starts from the working directory, and follows the links of its source', async (way) => {
  const [source, target] = [newFolder({ 'real/file': 'here' }), newFolder()];
  symlinkSync('real', join(source, 'link'));
  const before = process.cwd();
  process.chdir(source);
  try {
    assert.is(await way.shell(way.box().bind('link', target), 'cat "$1/file"', target), 'here');
  } finally {
    process.chdir(before);
  }
});

everyWay('bind() takes away what it is told to, and nothing else', async (way) => {
  const [source, target] = [newFolder({ program: '#!/bin/sh\necho runs\n', file: '' }), newFolder()];
  chmodSync(join(source, 'program'), 0o755);
  const runs = (box: Sandbox) => way.shell(box, '"$1/program"', target);
  assert.is(await runs(way.box().bind(source, target)), 'runs');
  const box = way.box().bind(source, target, { noexec: true, nosuid: false, nodev: false });
  assert.match(await runs(box), denied);
  const { options } = await way.mountAt(box, target);
  const before = hostMounts().findLast(({ path }) => path === '/' || source.startsWith(`${path}/`))?.options ?? [];
  assert.ok(options.includes('noexec') && options.includes('rw'), String(options));
  for (const option of ['nosuid', 'nodev'] as const) {
    if (!before.includes(option)) assert.not.ok(options.includes(option), String(options));
  }
});

everyWay(
  'noatime is for root: a user namespace cannot change it',
  async (way) => {
    const [source, target] = [newFolder(), newFolder()];
    const box = way.box().bind(source, target, { noatime: true });
    if (!way.isUsers) assert.ok((await way.mountAt(box, target)).options.includes('noatime'));
    else assert.match(((await way.refused(box, /EPERM/)) as StepError).from, /^\.bind\(.*noatime/);
  },
  hostMounts().some(({ options }) => options.includes('noatime')) ? 'this host has mounts that are noatime' : undefined,
);

everyWay('roBind() cannot be written', async (way) => {
  const [source, target] = [newFolder({ file: 'here' }), newFolder()];
  const shown = await way.shell(
    way.box().roBind(source, target),
    'cd "$1"; cat file; echo; (true > new); (true > file); rm -f file',
    target,
  );
  const [contents, ...errors] = shown.split('\n');
  assert.is(contents, 'here');
  assert.is(errors.length, 3, shown);
  for (const error of errors) assert.match(error, readOnly);
  assert.equal(contentsOf(source), { file: 'here' });
});

everyWay(
  'roBind() has what is mounted below its source, and that is read-only too',
  async (way) => {
    const target = newFolder();
    const seen = (await way.mounts(way.box().roBind(above, target))).filter(
      ({ path }) => path === target || path.startsWith(`${target}/`),
    );
    const there = hostMounts().filter(({ path }) => path === above || path.startsWith(`${above}/`));
    const paths = [...new Set(there.map(({ path }) => target + path.slice(above.length)))].sort();
    assert.ok(paths.length > 1);
    assert.equal([...new Set(seen.map(({ path }) => path))].sort(), paths);
    // Of several on one place, the one on top is what is seen.
    for (const one of paths) {
      const top = seen.findLast(({ path }) => path === one);
      assert.equal(
        ['ro', 'nosuid', 'nodev'].filter((option) => !top?.options.includes(option)),
        [],
        `${one} is ${top?.options}`,
      );
    }
  },
  noMountsBelow,
);

everyWay(
  'topOnly leaves behind what is mounted below',
  async (way) => {
    const target = newFolder();
    const box = way.box().roBind(above, target, { topOnly: true });
    const below = (await way.mounts(box)).filter(({ path }) => path.startsWith(`${target}/`));
    assert.equal(below, []);
  },
  noMountsBelow,
  // What is below mounts of the host may be secret: in a user namespace the kernel does not take them away.
  ({ isUsers }) => !isUsers,
);

everyWay(
  'topOnly in a user namespace: the kernel does not show what mounts of the host hide',
  async (way) => {
    const error = await way.refused(way.box().roBind(above, newFolder(), { topOnly: true }), /EINVAL/);
    assert.instance(error, StepError);
    assert.match((error as StepError).from, /^\.roBind\(.*topOnly/);
  },
  noMountsBelow,
  ({ isUsers }) => isUsers,
);

everyWay('topOnly of a directory without mounts below is that directory', async (way) => {
  const [source, target] = [newFolder({ file: 'here' }), newFolder()];
  assert.is(await way.shell(way.box().bind(source, target, { topOnly: true }), 'cat "$1/file"', target), 'here');
});

const restricted = hostMounts().filter(({ path, options }) => {
  const isLast = hostMounts().findLast((mount) => mount.path === path)?.options === options;
  const isTop = hostMounts().findLast((mount) => mount.path === path);
  return (
    (isLast || isTop !== undefined) &&
    options.some((option) => ['ro', 'nosuid', 'nodev', 'noexec'].includes(option)) &&
    existsSync(path) &&
    statSync(path).isDirectory()
  );
});

everyWay(
  'a bind keeps what the mount of its source does not allow',
  async (way) => {
    for (const { path, options } of restricted.slice(0, 3)) {
      const target = newFolder();
      const mount = await way.mountAt(way.box().bind(path, target), target);
      for (const option of options.filter((one) => ['ro', 'nosuid', 'nodev', 'noexec'].includes(one))) {
        assert.ok(mount.options.includes(option), `${path} was ${options}, and is ${mount.options}`);
      }
    }
  },
  restricted.length === 0 ? 'every mount of this host allows everything' : undefined,
);

everyWay('tryBind() and tryRoBind() do nothing where the source is missing, and bind where it is not', async (way) => {
  const [source, target] = [newFolder({ file: 'here' }), newFolder({ hidden: 'still' })];
  const missing = join(source, 'missing/deeper');
  assert.is(
    await way.shell(way.box().tryBind(missing, target).tryRoBind(missing, target), 'ls "$1"', target),
    'hidden',
  );
  assert.is(await way.shell(way.box().tryBind(missing), 'echo "$1"', missing), missing);
  assert.is(await way.shell(way.box().tryBind(source, target), 'cat "$1/file"; true > "$1/new"', target), 'here');
  assert.match(await way.shell(way.box().tryRoBind(source, target), 'true > "$1/other"', target), readOnly);
  assert.equal(readdirSync(source).sort(), ['file', 'new']);
  const error = await way.refused(way.box().bind(missing, target), /is not there/);
  assert.instance(error, SpecError);
  assert.match((error as SpecError).help ?? '', /tryBind/);
});

everyWay('devBind() gives a device; with bind() it cannot be opened', async (way) => {
  const target = newFolder({ device: '' });
  const reads = (box: Sandbox) => way.shell(box, 'head -c 3 "$1/device" | wc -c', target);
  const given = way.box().devBind('/dev/zero', `${target}/device`);
  assert.is(await reads(given), '3');
  assert.not.ok((await way.mountAt(given, `${target}/device`)).options.includes('nodev'));
  assert.ok((await way.mountAt(given, `${target}/device`)).options.includes('nosuid'));
  const notGiven = way.box().bind('/dev/zero', `${target}/device`);
  assert.match(await reads(notGiven), denied);
  assert.ok((await way.mountAt(notGiven, `${target}/device`)).options.includes('nodev'));
});

everyWay('devBind() of a directory of devices', async (way) => {
  const target = newFolder();
  assert.is(await way.shell(way.box().devBind('/dev', target), 'head -c 3 "$1/zero" | wc -c', target), '3');
  assert.match(await way.shell(way.box().bind('/dev', target), 'head -c 3 "$1/zero"', target), denied);
});

everyWay('bind() of an open descriptor: of a directory, and of a file', async (way) => {
  const [source, target] = [newFolder({ 'sub/file': 'here' }), newFolder({ file: '' })];
  const [directory, file] = [openSync(join(source, 'sub'), 'r'), openSync(join(source, 'sub/file'), 'r')];
  try {
    assert.is(await way.shell(way.box().bind(directory, target), 'cat "$1/file"', target), 'here');
    const box = way.box().roBind(file, `${target}/file`);
    assert.is(await way.shell(box, 'cat "$1/file"', target), 'here');
    // It has been renamed: it is the same file.
    renameSync(join(source, 'sub'), join(source, 'renamed'));
    assert.is(await way.shell(box, 'cat "$1/file"', target), 'here');
  } finally {
    closeSync(directory);
    closeSync(file);
  }
});

everyWay('bind() of a descriptor whose path leads to another file by then is refused', async (way) => {
  for (const name of ['dir', 'file']) {
    const [source, target] = [
      newFolder({ 'dir/x': '', 'other-dir/y': '', file: '1', 'other-file': '2' }),
      newFolder({ file: '' }),
    ];
    const fd = openSync(join(source, name), 'r');
    try {
      const box = way.box().bind(fd, name === 'dir' ? target : `${target}/file`);
      const plan = way.plan(box, 'true');
      renameSync(join(source, name), join(source, 'moved'));
      renameSync(join(source, `other-${name}`), join(source, name));
      const { code, syscall, from, message } = await way.failure(plan, box);
      assert.is(syscall, 'futex', message);
      assert.is(code, 'EAGAIN');
      assert.match(from, /^\.bind\(\d+, /);
      assert.match(message, /another file/);
    } finally {
      closeSync(fd);
    }
  }
});

// File systems of its own.

everyWay('tmpfs() is empty, can be written, and ends with the command', async (way) => {
  const target = newFolder({ hidden: '' });
  const box = way.box().tmpfs(target);
  const script = 'cd "$1"; ls -A; stat -c "%a %u" .; echo inside > file; cat file';
  for (let times = 0; times < 2; times++) assert.is(await way.shell(box, script, target), `755 ${user}\ninside`);
  assert.equal(readdirSync(target), ['hidden']);
  const mount = await way.mountAt(box, target);
  assert.is(mount.type, 'tmpfs');
  for (const option of ['rw', 'nosuid', 'nodev']) assert.ok(mount.options.includes(option), String(mount.options));
});

everyWay('tmpfs() holds as much as it was given', async (way) => {
  const target = newFolder();
  const fill = 'cd "$1"; head -c 1000000 /dev/zero > a && echo first; head -c 1000000 /dev/zero > b; stat -c %s b';
  for (const size of ['1M', '1m', '1024K', 2 ** 20, String(2 ** 20)]) {
    const shown = await way.shell(way.box().tmpfs(target, { size }), fill, target);
    assert.match(shown, /^first\n.*No space left on device\n/);
    assert.ok(Number(shown.split('\n').at(-1)) < 2 ** 20 - 1_000_000 + 4096, shown);
  }
  assert.not.match(await way.shell(way.box().tmpfs(target, { size: '1%' }), fill, target), /No space/);
});

everyWay('tmpfs() holds as many files as it was given', async (way) => {
  const target = newFolder();
  const shown = await way.shell(
    way.box().tmpfs(target, { inodes: 10 }),
    'cd "$1"; for i in 1 2 3 4 5 6 7 8 9 10 11; do (true > $i); done; ls | wc -l',
    target,
  );
  assert.match(shown, /No space left on device/);
  assert.is(shown.split('\n').at(-1), '9');
});

everyWay('tmpfs() has the mode that was asked for, whatever the mask of this program', async (way) => {
  const target = newFolder();
  const mask = process.umask(0o077);
  try {
    for (const mode of [0o1777, 0o700, 0o755, 0o2750]) {
      assert.is(await way.shell(way.box().tmpfs(target, { mode }), 'stat -c %a "$1"', target), mode.toString(8));
    }
    assert.is(await way.shell(way.box().tmpfs(target), 'umask', target), '0077');
  } finally {
    process.umask(mask);
  }
});

everyWay('tmpfs() that cannot be written, or run from', async (way) => {
  const target = newFolder();
  const closed = way.box().tmpfs(target, { readOnly: true }).dir(`${target}/dir`).file(`${target}/file`, 'in it');
  const shown = await way.shell(
    closed,
    'cd "$1"; ls; cat file; echo; (true > new); (true > file); (mkdir dir/x)',
    target,
  );
  const [dir, file, contents, ...errors] = shown.split('\n');
  assert.equal([dir, file, contents, errors.length], ['dir', 'file', 'in it', 3]);
  for (const error of errors) assert.match(error, readOnly);
  const box = way.box().tmpfs(target, { noexec: true });
  assert.match(await way.shell(box, 'cd "$1"; cp /bin/true t; ./t', target), denied);
  assert.is(await way.shell(way.box().tmpfs(target), 'cd "$1"; cp /bin/true t; ./t', target), '');
});

everyWay(
  'tmpfs() and home() belong to who the command runs as',
  async (way) => {
    const target = newFolder();
    const box = way.box().tmpfs(target, { mode: 0o700 }).uid(1000).gid(1001);
    assert.is(await way.shell(box, 'cd "$1"; stat -c "%u %g" .; true > file; ls', target), '1000 1001\nfile');
  },
  rootOnly(),
  ({ isUsers }) => !isUsers,
);

everyWay('proc() with the processes alone', async (way) => {
  const box = way.box().proc('/proc', { subset: 'pid' });
  const names = (await way.shell(box, 'ls /proc')).split('\n');
  assert.ok(names.includes('1') && names.includes('self'), String(names));
  for (const name of ['sys', 'meminfo', 'cmdline', 'sysrq-trigger']) assert.not.ok(names.includes(name), name);
  assert.ok((await way.shell(way.box().proc(), 'ls /proc')).split('\n').includes('meminfo'));
});

everyWay('proc() that does not tell of others: as its options', async (way) => {
  for (const hidepid of ['off', 'noaccess', 'invisible', 'ptraceable'] as const) {
    const { ofFileSystem, options } = await way.mountAt(way.box().proc('/proc', { hidepid }), '/proc');
    const expected = hidepid === 'off' ? undefined : `hidepid=${hidepid}`;
    assert.is(
      ofFileSystem.find((option) => option.startsWith('hidepid')),
      expected,
    );
    for (const option of ['nosuid', 'nodev', 'noexec']) assert.ok(options.includes(option));
  }
});

everyWay(
  'proc() that does not tell of others: what another user sees',
  async (way) => {
    const look =
      'sleep 100 & other=$!; setpriv --reuid 1000 --regid 1000 --clear-groups sh -c "cat /proc/$other/cmdline | wc -c; ls -d /proc/$other"; kill $other';
    const seen = (hidepid: 'off' | 'noaccess' | 'invisible') => way.shell(way.box().proc('/proc', { hidepid }), look);
    assert.match(await seen('off'), /^10\n\/proc\/\d+$/);
    assert.match(await seen('noaccess'), /Operation not permitted\n0\n\/proc\/\d+$/);
    assert.match(await seen('invisible'), /No such file or directory\n0\n.*No such file/);
  },
  rootOnly(),
  ({ isUsers }) => !isUsers,
);

const devices = {
  null: '1:3',
  zero: '1:5',
  full: '1:7',
  random: '1:8',
  urandom: '1:9',
  tty: '5:0',
};

everyWay('dev() has what it says, and nothing else', async (way) => {
  const box = way.box('ipc').newSession().dev();
  const names = (await way.shell(box, 'ls -A /dev')).split('\n');
  assert.equal(
    names,
    [...Object.keys(devices), 'fd', 'mqueue', 'ptmx', 'pts', 'shm', 'stderr', 'stdin', 'stdout'].sort(),
  );
  const numbers = await way.shell(box, 'cd /dev; stat -c "%n %F %t:%T" null zero full random urandom tty');
  assert.is(
    numbers,
    Object.entries(devices)
      .map(([name, number]) => `${name} character special file ${number}`)
      .join('\n'),
  );
  assert.is(
    await way.shell(box, 'cd /dev; for link in fd stdin stdout stderr ptmx; do readlink $link; done'),
    '/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx',
  );
});

everyWay('the devices of dev() work', async (way) => {
  const box = way.box('ipc').newSession().dev();
  assert.is(await way.shell(box, 'echo lost > /dev/null; cat /dev/null'), '');
  assert.is(await way.shell(box, 'head -c 4 /dev/zero | od -An -tx1'), ' 00 00 00 00');
  assert.match(await way.shell(box, 'head -c 1 /dev/zero > /dev/full'), /No space left/);
  assert.is(await way.shell(box, 'head -c 5 /dev/random | wc -c; head -c 5 /dev/urandom | wc -c'), '5\n5');
  assert.match(await way.shell(box, 'true < /dev/tty'), /No such device or address/);
  assert.is(
    await way.shell(box, 'echo through > /dev/stdout; echo in | cat /dev/stdin; echo 5 | cat /dev/fd/0'),
    'through\nin\n5',
  );
});

everyWay('dev() has terminals of its own', async (way) => {
  const host = openSync('/dev/ptmx', 'r+');
  try {
    const box = way.box('ipc').newSession().dev();
    assert.is(await way.shell(box, 'ls /dev/pts; exec 3<>/dev/ptmx; ls /dev/pts'), 'ptmx\n0\nptmx');
    assert.ok(readdirSync('/dev/pts').length >= 1);
  } finally {
    closeSync(host);
  }
});

everyWay(
  'a program gets a terminal in dev(), and talks through it',
  async (way) => {
    const code = 'import os; m, s = os.openpty(); os.write(s, b"over\\n"); print(os.ttyname(s), os.read(m, 9))';
    const box = way.box('ipc').newSession().dev();
    assert.is(await way.output(box, '/usr/bin/python3', '-c', code), "/dev/pts/0 b'over\\r\\n'");
  },
  existsSync('/usr/bin/python3') ? undefined : '/usr/bin/python3 is not installed',
);

everyWay('dev() cannot be written; its shared memory and message queues can', async (way) => {
  const box = way.box('ipc').dev();
  const shown = await way.shell(
    box,
    '(true > /dev/new); (mkdir /dev/dir); (rm /dev/null); (ln -s a /dev/link); (mv /dev/null /dev/zero)',
  );
  const errors = shown.split('\n');
  assert.is(errors.length, 5, shown);
  for (const error of errors) assert.match(error, /Read-only file system|busy/);
  assert.is(
    await way.shell(box, 'echo shared > /dev/shm/x; cat /dev/shm/x; true > /dev/mqueue/q; ls /dev/mqueue'),
    'shared\nq',
  );
  assert.is(await way.shell(box, 'stat -c %a /dev /dev/shm /dev/pts/ptmx'), '755\n1777\n666');
  for (const path of ['/dev', '/dev/pts', '/dev/mqueue']) {
    const { options } = await way.mountAt(box, path);
    assert.ok(options.includes('nosuid') && options.includes('noexec'), `${path} is ${options}`);
  }
});

everyWay('dev() elsewhere', async (way) => {
  const target = newFolder();
  const box = way.box('ipc').dev(target);
  assert.is(await way.shell(box, 'cd "$1"; ls | wc -l; head -c 2 zero | wc -c; ls pts', target), '14\n2\nptmx');
});

everyWay('sysfs() shows the interfaces of the new network, and cannot be written', async (way) => {
  for (const target of ['/sys', newFolder()]) {
    const box = way.box('net').sysfs(target);
    assert.is(await way.shell(box, 'ls "$1/class/net"', target), 'lo');
    const { options, type } = await way.mountAt(box, target);
    assert.is(type, 'sysfs');
    for (const option of ['ro', 'nosuid', 'nodev', 'noexec']) assert.ok(options.includes(option), String(options));
    assert.match(await way.shell(box, 'true > "$1/class/net/lo/mtu"', target), /Read-only|Permission/);
  }
});

everyWay('mqueue() shows the queues of the new IPC namespace', async (way) => {
  const target = newFolder();
  const box = way.box('ipc').mqueue(target);
  assert.is(
    await way.shell(box, 'cd "$1"; ls -A; true > queue; cat queue', target).then((text) => text.split(' ')[0]),
    'QSIZE:0',
  );
  const { type, options } = await way.mountAt(box, target);
  assert.is(type, 'mqueue');
  for (const option of ['nosuid', 'nodev', 'noexec']) assert.ok(options.includes(option), String(options));
});

// Directories, files and links.

everyWay('dir() makes directories with the mode that was asked for', async (way) => {
  const target = newFolder();
  const mask = process.umask(0o077);
  try {
    const box = way.box().tmpfs(target).dir(`${target}/a/b`, { mode: 0o1770 }).dir(`${target}/c`);
    assert.is(await way.shell(box, 'cd "$1"; stat -c "%n %a" a a/b c', target), 'a 755\na/b 1770\nc 755');
  } finally {
    process.umask(mask);
  }
});

everyWay('dir() leaves a directory as it is, and refuses what is none', async (way) => {
  const folder = newFolder({ 'there/file': 'kept', file: '' });
  assert.is(await way.shell(way.box().dir(`${folder}/there`, { mode: 0o700 }), 'cat "$1/there/file"', folder), 'kept');
  const error = await way.refused(way.box().dir(`${folder}/file`), /is there already, and no directory/);
  assert.instance(error, SpecError);
});

const bytes = Buffer.from([0, 255, 10, 13, 128, 0, 34, 92]);
const contents: Readonly<Record<string, [given: () => string | Uint8Array | number, expected: Buffer]>> = {
  text: [() => 'line\nünï "quoted" \\ \u0001', Buffer.from('line\nünï "quoted" \\ \u0001')],
  bytes: [() => bytes, bytes],
  nothing: [() => '', Buffer.alloc(0)],
  'a megabyte': [() => Buffer.alloc(2 ** 20, 'abc'), Buffer.alloc(2 ** 20, 'abc')],
  'text with a byte order mark': [() => '\ufeffx', Buffer.from('\ufeffx')],
};
for (const [name, [given, expected]] of Object.entries(contents)) {
  everyWay(`file() with ${name}: new, and on a file that is there`, async (way) => {
    const [target, result] = [newFolder({ there: 'on the host' }), newFolder()];
    const box = way.box().bind(result).file(`${target}/there`, given());
    const inMemory = way.box().tmpfs(target).bind(result, `${target}/result`).file(`${target}/deep/new`, given());
    await way.shell(box, 'cat "$1/there" > "$2/a"', target, result);
    await way.shell(inMemory, 'cat "$1/deep/new" > "$1/result/b"', target);
    for (const file of ['a', 'b']) assert.ok(readFileSync(join(result, file)).equals(expected), file);
    assert.equal(contentsOf(target), { there: 'on the host' });
  });
}

everyWay('file() reads a descriptor to its end, from where it is', async (way) => {
  const [source, target] = [newFolder({ file: '0123456789' }), newFolder()];
  const fd = openSync(join(source, 'file'), 'r');
  try {
    readSync(fd, Buffer.alloc(3));
    const box = way.box().tmpfs(target).file(`${target}/rest`, fd);
    for (let times = 0; times < 2; times++) assert.is(await way.shell(box, 'cat "$1/rest"', target), '3456789');
  } finally {
    closeSync(fd);
  }
});

everyWay('file() has the mode that was asked for', async (way) => {
  const target = newFolder({ there: '' });
  const mask = process.umask(0o077);
  try {
    const modes = (box: Sandbox, ...names: string[]) =>
      way.shell(box, 'cd "$1"; shift; stat -c "%a %u" "$@"', target, ...names);
    const inMemory = way.box().tmpfs(target).file(`${target}/a`, '').file(`${target}/b`, '', { mode: 0o4755 });
    assert.is(await modes(inMemory, 'a', 'b'), `644 ${user}\n4755 ${user}`);
    assert.is(await modes(way.box().file(`${target}/there`, ''), 'there'), `644 ${user}`);
    assert.is(await modes(way.box().file(`${target}/there`, '', { mode: 0o600 }), 'there'), `600 ${user}`);
  } finally {
    process.umask(mask);
  }
});

everyWay('file() on a directory is refused', async (way) => {
  const folder = newFolder({ 'dir/': '' });
  assert.instance(await way.refused(way.box().file(`${folder}/dir`, ''), /is a directory/), SpecError);
});

everyWay('file() can be changed inside only, and each command has its own', async (way) => {
  const target = newFolder({ there: 'on the host' });
  const box = way.box().file(`${target}/there`, 'given');
  for (let times = 0; times < 2; times++) {
    await way.shell(box, 'cat "$1/there"; echo changed > "$1/there"; cat "$1/there"', target).then((text) => {
      assert.is(text, 'givenchanged');
    });
  }
  assert.equal(contentsOf(target), { there: 'on the host' });
});

everyWay('symlink() makes a link that says what it was told', async (way) => {
  const target = newFolder();
  const box = way
    .box()
    .tmpfs(target)
    .symlink('to/../file', `${target}/sub/link`)
    .file(`${target}/sub/file`, 'x')
    .symlink(odd, `${target}/odd`);
  assert.is(await way.shell(box, 'cd "$1"; readlink sub/link odd', target), `to/../file\n${odd}`);
});

everyWay('symlink() is content with the same link, and refuses anything else that is there', async (way) => {
  const folder = newFolder({ file: '' });
  symlinkSync('file', join(folder, 'link'));
  assert.is(await way.shell(way.box().symlink('file', `${folder}/link`), 'readlink "$1/link"', folder), 'file');
  for (const [to, name] of [
    ['other', 'link'],
    ['file', 'file'],
  ] as const) {
    assert.instance(await way.refused(way.box().symlink(to, `${folder}/${name}`), /is there already/), SpecError);
  }
});

// Restrictions.

everyWay('remount() takes what the mount allows, and gives it back', async (way) => {
  const [source, target] = [newFolder({ program: '#!/bin/sh\necho runs\n' }), newFolder()];
  chmodSync(join(source, 'program'), 0o755);
  const bound = way.box().bind(source, target);
  const closed = bound.remount(target, { readOnly: true, noexec: true });
  const shown = await way.shell(closed, 'cd "$1"; (true > new); (./program)', target);
  assert.match(shown, /Read-only file system\n.*Permission denied/);
  const { options } = await way.mountAt(closed, target);
  for (const option of ['ro', 'noexec', 'nosuid', 'nodev']) assert.ok(options.includes(option), String(options));
  const open = closed.remount(target, { readOnly: false, noexec: false });
  assert.is(await way.shell(open, 'cd "$1"; true > new; ./program', target), 'runs');
  assert.equal(readdirSync(source).sort(), ['new', 'program']);
  const after = (await way.mountAt(open, target)).options;
  for (const option of ['rw', 'nosuid', 'nodev']) assert.ok(after.includes(option), String(after));
});

everyWay('remount() of all that is below', async (way) => {
  const target = newFolder();
  const box = (recursive: boolean) =>
    way
      .box()
      .tmpfs(target)
      .tmpfs(`${target}/a`)
      .tmpfs(`${target}/a/b`)
      .remount(target, { readOnly: true }, { recursive });
  const script = 'cd "$1"; for dir in . a a/b; do true > $dir/x && echo written; done';
  const tried = async (sandbox: Sandbox) =>
    (await way.shell(sandbox, script.replace(': >', 'touch'), target))
      .split('\n')
      .map((line) => (readOnly.test(line) ? 'refused' : line));
  assert.equal(await tried(box(true)), ['refused', 'refused', 'refused']);
  assert.equal(await tried(box(false)), ['refused', 'written', 'written']);
});

everyWay('remount() of what is no mount is refused', async (way) => {
  const folder = newFolder({ 'dir/': '' });
  const error = await way.refused(way.box().remount(`${folder}/dir`, { readOnly: true }), /nothing is mounted at/);
  assert.match((error as SpecError).help ?? '', /\.readonly\(\)/);
});

everyWay('mask() of a file reads empty, and cannot be written', async (way) => {
  const folder = newFolder({ secret: 'secret', 'dir/secret': 'secret', other: 'other' });
  const before = stateOf(folder);
  const box = way.box().mask(`${folder}/secret`).mask(`${folder}/dir`);
  const shown = await way.shell(
    box,
    'cd "$1"; cat secret; ls -A dir; cat other; echo; (true > secret); (true > dir/new); chmod 777 secret; rm -f secret',
    folder,
  );
  const [other, ...errors] = shown.split('\n');
  assert.is(other, 'other');
  assert.is(errors.length, 4, shown);
  for (const error of errors.slice(0, 3)) assert.match(error, /Read-only file system|Permission denied/);
  assert.match(errors[3] ?? '', /busy|Read-only/);
  assert.equal(stateOf(folder), before);
  for (const name of ['secret', 'dir']) {
    const { options } = await way.mountAt(box, `${folder}/${name}`);
    for (const option of ['ro', 'nosuid', 'nodev', 'noexec']) assert.ok(options.includes(option), String(options));
  }
});

everyWay('mask() and readonly() of what is missing are refused, unless it may be', async (way) => {
  const missing = join(newFolder(), 'missing');
  for (const box of [way.box().mask(missing), way.box().readonly(missing)]) {
    assert.instance(await way.refused(box, /is not there/), SpecError);
  }
  const optional = { optional: true };
  assert.is(await way.shell(way.box().mask(missing, optional).readonly(missing, optional), 'echo runs'), 'runs');
});

everyWay('readonly() of a directory and of a file', async (way) => {
  const folder = newFolder({ 'dir/file': 'here', file: 'there', 'open/': '' });
  const box = way.box().readonly(`${folder}/dir`).readonly(`${folder}/file`);
  const shown = await way.shell(
    box,
    'cd "$1"; cat dir/file file; echo; true > open/new; (true > dir/new); (true > file); (true > dir/file)',
    folder,
  );
  const [seen, ...errors] = shown.split('\n');
  assert.is(seen, 'herethere');
  assert.is(errors.length, 3, shown);
  for (const error of errors) assert.match(error, readOnly);
  assert.equal(contentsOf(folder), { 'dir/file': 'here', file: 'there', 'open/new': '' });
});

everyWay('readonly() has what is mounted below, read-only too', async (way) => {
  const target = newFolder({ 'dir/': '' });
  const box = way.box().tmpfs(`${target}/dir`).file(`${target}/dir/file`, 'in memory').readonly(target);
  const shown = await way.shell(box, 'cat "$1/dir/file"; echo; (true > "$1/x"); (true > "$1/dir/x")', target);
  assert.match(shown, /^in memory\n.*Read-only.*\n.*Read-only.*$/);
});

everyWay("readonly('/') is all that is there so far", async (way) => {
  const target = newFolder({ 'before/': '', 'after/': '' });
  const box = way.box().tmpfs(`${target}/before`).readonly('/').tmpfs(`${target}/after`);
  const shown = await way.shell(box, 'cd "$1"; (true > x); (true > before/x); true > after/x; ls after', target);
  assert.match(shown, /Read-only.*\n.*Read-only.*\nx$/);
  const mounts = await way.mounts(box);
  const writable = seen(mounts).filter(({ options }) => !options.includes('ro'));
  assert.equal(
    writable.map(({ path }) => path),
    [`${target}/after`],
  );
});

everyWay('of two entries at one place, the later one counts', async (way) => {
  const [source, target] = [newFolder({ file: 'bound' }), newFolder()];
  const look = (box: Sandbox) => way.shell(box, 'cat "$1/file"', target);
  assert.is(await look(way.box().tmpfs(target).bind(source, target)), 'bound');
  assert.match(await look(way.box().bind(source, target).tmpfs(target)), /No such file/);
  assert.is(await look(way.box().bind(source, target).file(`${target}/file`, 'given')), 'given');
  assert.is(await look(way.box().mask(target).bind(source, target)), 'bound');
});

// Overlays.

everyWayInMemory('overlay() can be written, and the host stays as it is', async (way) => {
  const folder = newFolder({ kept: 'kept', changed: 'old', removed: '', 'dir/file': 'in it' });
  const before = stateOf(folder);
  const box = way.box().overlay(folder);
  const script =
    'cd "$1"; echo new > changed; rm removed; rm -r dir; mkdir dir added; true > dir/other; find . -type f | sort; cat kept changed';
  for (let times = 0; times < 2; times++) {
    assert.is(await way.shell(box, script, folder), './changed\n./dir/other\n./kept\nkeptnew');
  }
  assert.equal(stateOf(folder), before);
  assert.is((await way.mountAt(box, folder)).type, 'overlay');
});

everyWayInMemory('overlay() takes no more memory than it was given', async (way) => {
  const folder = newFolder({ file: '' });
  const shown = await way.shell(
    way.box().overlay(folder, { size: '1M' }),
    'head -c 2000000 /dev/zero > "$1/file"',
    folder,
  );
  assert.match(shown, /No space left/);
  assert.is(statSync(join(folder, 'file')).size, 0);
});

everyWayInMemory('overlay() of several directories: the first is on top', async (way) => {
  const [top, bottom, target] = [
    newFolder({ both: 'top', a: '' }),
    newFolder({ both: 'bottom', b: '' }),
    newFolder({ c: '' }),
  ];
  const box = way.box().overlay(target, { lowers: [top, bottom] });
  assert.is(await way.shell(box, 'cd "$1"; ls; cat both; echo x > both; true > new', target), 'a\nb\nboth\ntop');
  assert.equal(
    [contentsOf(top), contentsOf(bottom), contentsOf(target)],
    [{ a: '', both: 'top' }, { b: '', both: 'bottom' }, { c: '' }],
  );
});

everyWay('overlay() keeps its changes in the upper directory, whatever its name', async (way) => {
  for (const name of ['plain', odd, 'a,userxattr,b', 'x\\:y', ' ']) {
    const folder = newFolder({
      [`${name}/lower/file`]: 'lower',
      [`${name}/upper/`]: '',
      [`${name}/work/`]: '',
      'target/': '',
    });
    const at = (part: string) => join(folder, name, part);
    const target = join(folder, 'target');
    const box = way.box().overlay(target, { lowers: [at('lower')], upper: at('upper'), work: at('work') });
    assert.is(await way.shell(box, 'cd "$1"; cat file; echo changed > file; true > new', target), 'lower');
    assert.equal(contentsOf(at('upper')), { file: 'changed\n', new: '' }, JSON.stringify(name));
    assert.equal(contentsOf(at('lower')), { file: 'lower' });
    assert.is(await way.shell(box, 'cat "$1/file"', target), 'changed');
    const onItself = way.box().overlay(at('lower'), { upper: at('upper'), work: at('work') });
    assert.is(await way.shell(onItself, 'cat "$1/file"', at('lower')), 'changed');
  }
});

everyWay(
  'overlay() of what has another file system below is refused',
  async (way) => {
    const error = await way.refused(way.box().overlay(above), /has another file system below/);
    assert.instance(error, SpecError);
  },
  either(noMountsBelow, memoryOverlaysRefused()),
);

everyWayInMemory('overlay() on what is in memory alone', async (way) => {
  const target = newFolder();
  const box = way.box().tmpfs(target).file(`${target}/dir/file`, 'below').overlay(`${target}/dir`);
  const script = 'cd "$1/dir"; cat file; echo; echo above > file; cat file';
  assert.is(await way.shell(box, script, target), 'below\nabove');
});

everyWayInMemory('overlay() and snapshot() of what is hidden by now are of the directory on the host', async (way) => {
  const target = newFolder({ 'dir/file': 'on the host', beside: '' });
  for (const name of ['overlay', 'snapshot'] as const) {
    const box = way.box().tmpfs(target)[name](`${target}/dir`);
    const result = await way.run(box, 'sh', '-c', 'cd "$1"; ls; cat dir/file; echo inside > dir/file', 'sh', target);
    assert.is(result.stdout, 'dir\non the host', result.stderr);
    assert.is(result.snapshot === undefined, name === 'overlay');
    await result.snapshot?.discard();
  }
  assert.equal(contentsOf(target), { beside: '', 'dir/file': 'on the host' });
});

// Snapshots.

everyWayInMemory('snapshot() tells what was changed, and puts it on the host when it is told to', async (way) => {
  const folder = newFolder({ kept: 'kept', changed: 'old', removed: '' });
  const before = contentsOf(folder);
  const box = way.box().snapshot(folder);
  const result = await way.run(
    box,
    'sh',
    '-c',
    'cd "$1"; echo new > changed; rm removed; echo added > added',
    'sh',
    folder,
  );
  const { snapshot, exit, stderr } = result;
  assert.is(exit.kind === 'exited' && exit.code, 0, stderr);
  assert.ok(snapshot);
  const changes = (await snapshot?.changes())?.map(({ kind, path }) => `${kind} ${path.slice(folder.length + 1)}`);
  assert.equal(changes?.sort(), ['added added', 'deleted removed', 'modified changed']);
  assert.is(String(await snapshot?.read(`${folder}/changed`)), 'new\n');
  assert.equal(contentsOf(folder), before);
  await snapshot?.apply();
  assert.equal(contentsOf(folder), { added: 'added\n', changed: 'new\n', kept: 'kept' });
  await snapshot?.discard();
  const error = await snapshot?.changes().catch((error) => error);
  assert.match(error.message, /thrown away/);
});

everyWayInMemory('each command has a snapshot of its own, with a descriptor that discard() closes', async (way) => {
  const folder = newFolder({ file: 'old' });
  const box = way.box().snapshot(folder, { size: '10M' });
  const write = (text: string) => way.run(box, 'sh', '-c', 'cat "$1/file"; echo "$2" > "$1/file"', 'sh', folder, text);
  await (await write('first of all')).snapshot?.discard();
  const before = openDescriptors();
  const [one, other] = [await write('one'), await write('other')];
  assert.equal([one.stdout, other.stdout], ['old', 'old']);
  assert.is(openDescriptors().length, before.length + 2);
  assert.is(String(await one.snapshot?.read(`${folder}/file`)), 'one\n');
  await one.snapshot?.discard();
  assert.is(String(await other.snapshot?.read(`${folder}/file`)), 'other\n');
  await other.snapshot?.discard();
  await other.snapshot?.discard();
  assert.equal(openDescriptors(), before);
  assert.equal(contentsOf(folder), { file: 'old' });
});

everyWayInMemory('two directories in one snapshot, from a spec as JSON', async (way) => {
  const [a, b] = [newFolder({ file: 'a' }), newFolder({ file: 'b' })];
  const box = Sandbox.from(JSON.stringify(way.box().snapshot(a, { size: '5%' }).snapshot(b).spec));
  assert.equal(box.spec, way.box().snapshot(a, { size: '5%' }).snapshot(b).spec);
  const { snapshot } = await way.run(box, 'sh', '-c', 'true > "$1/new"; rm "$2/file"', 'sh', a, b);
  assert.equal(
    (await snapshot?.changes())?.map(({ kind, path }) => `${kind} ${path}`),
    [`added ${a}/new`, `deleted ${b}/file`],
  );
  await snapshot?.discard();
});

everyWayInMemory('a snapshot holds as much as it was given', async (way) => {
  const folder = newFolder({ file: '' });
  const box = way.box().snapshot(folder, { size: '1M' });
  const { snapshot, stderr } = await way.run(box, 'sh', '-c', 'head -c 2000000 /dev/zero > "$1/file"', 'sh', folder);
  assert.match(stderr, /No space left/);
  await snapshot?.discard();
});

skipUnless(
  test,
  either(noNamespaces, memoryOverlaysRefused()),
  'a snapshot that is thrown away with the block that has it',
  async () => {
    const folder = newFolder({ file: '' });
    const before = openDescriptors();
    {
      const { snapshot } = await isolate()
        .cwd('/')
        .roBind(folder)
        .snapshot(folder)
        .run('touch', [`${folder}/new`]);
      await using held = snapshot as NonNullable<typeof snapshot>;
      assert.is((await held.changes()).length, 1);
    }
    assert.equal(openDescriptors(), before);
  },
);

// How mounts pass.

everyWay('propagation() of one mount', async (way) => {
  const target = newFolder();
  const seen = async (box: Sandbox) =>
    (await way.mountAt(box, target)).propagation.map((one) => one.replace(/:\d+$/, ''));
  const mounted = way.box().tmpfs(target);
  assert.equal(await seen(mounted), []);
  assert.equal(await seen(mounted.propagation('shared', target)), ['shared']);
  assert.equal(await seen(mounted.propagation('unbindable', target)), ['unbindable']);
  assert.equal(await seen(mounted.propagation('shared', target).propagation('private', target)), []);
});

everyWay('propagation() of all that is below', async (way) => {
  const target = newFolder();
  const shared = async (recursive: boolean) => {
    const box = way.box().tmpfs(target).tmpfs(`${target}/a`).propagation('shared', target, { recursive });
    return (await way.mounts(box)).filter(({ propagation }) => propagation.some((one) => one.startsWith('shared')))
      .length;
  };
  assert.is(await shared(true), 2);
  assert.is(await shared(false), 1);
});

/** Makes the mounts of the host shared, where it is not known what they are: in a namespace of its own. */
async function passes(kind: string): Promise<string> {
  const folder = newFolder();
  const [file, args] = programOf(`
    import { execFileSync } from 'node:child_process';
    import { once } from 'node:events';
    import { writeFileSync } from 'node:fs';
    const [folder] = ${JSON.stringify([folder])};
    const box = bare().unshare('mount')${kind}.cwd('/');
    const options = { stdio: ['pipe', 'pipe', 'inherit'] };
    const running = await box.spawn('sh', ['-c', 'echo ready; read line; ls "$1"; mount -t tmpfs none "$1"', 'sh', folder], options);
    let printed = '';
    running.stdout.on('data', (chunk) => { printed += chunk; });
    await once(running.stdout, 'data');
    execFileSync('mount', ['-t', 'tmpfs', 'none', folder]);
    writeFileSync(folder + '/from-outside', '');
    running.stdin.end('\\n');
    await running.exited;
    const lines = execFileSync('grep', ['-c', folder, '/proc/self/mountinfo'], { encoding: 'utf8' });
    console.log(printed.replace('ready', '').trim() + ' ' + lines.trim());
  `);
  const own = isRoot ? [] : ['--user', '--map-root-user'];
  const options = { encoding: 'utf8', cwd: repository } as const;
  return execFileSync('unshare', [...own, '--mount', '--propagation', 'shared', file, ...args], options).trim();
}

skipUnless(
  test,
  noNamespaces,
  "propagation('slave'): what the host mounts appears inside, and not the other way round",
  async () => {
    assert.is(await passes(".propagation('slave')"), 'from-outside 1');
    assert.is(await passes(".mask('/etc/hostname', { optional: true }).propagation('slave')"), 'from-outside 1');
  },
);

skipUnless(test, noNamespaces, 'without it nothing appears', async () => {
  assert.is(await passes(''), '1');
  assert.is(await passes(".propagation('slave').propagation('private')"), '1');
});

// The caller's own directories.

/** Does something with another home, or in another directory. */
async function withHome<T>(home: string, run: () => Promise<T>): Promise<T> {
  const before = process.env.HOME;
  process.env.HOME = home;
  try {
    return await run();
  } finally {
    if (before === undefined) delete process.env.HOME;
    else process.env.HOME = before;
  }
}

async function inDirectory<T>(directory: string, run: () => Promise<T>): Promise<T> {
  const before = process.cwd();
  process.chdir(directory);
  try {
    return await run();
  } finally {
    process.chdir(before);
  }
}

everyWay('home() is empty, and the caller can write it', async (way) => {
  const home = newFolder({ secret: 'secret' });
  await withHome(home, async () => {
    const shown = await way.shell(way.box().home(), 'cd "$HOME"; pwd; ls -A; stat -c "%a %u" .; true > new; ls');
    assert.is(shown, `${home}\n700 ${user}\nnew`);
  });
  assert.equal(contentsOf(home), { secret: 'secret' });
});

everyWay('home() that is reached through a link is hidden where it is', async (way) => {
  const folder = newFolder({ 'real/secret': 'secret' });
  symlinkSync('real', join(folder, 'link'));
  await withHome(join(folder, 'link'), async () => {
    assert.is(await way.shell(way.box().home(), 'cd "$1"; find real link/', folder), 'real\nlink/');
  });
});

everyWay('workingDirectory() is there, read-only, where it was hidden', async (way) => {
  const folder = newFolder({ 'work/file': 'here', beside: '' });
  const work = join(folder, 'work');
  await inDirectory(work, async () => {
    const box = way.box().tmpfs(folder).workingDirectory().cwd(work);
    const shown = await way.shell(box, 'pwd; cat file; ls ..; (true > new)');
    assert.match(shown, readOnly);
    assert.ok(shown.startsWith(`${work}\nherework\n`), shown);
    const options = (await way.mountAt(box, work)).options;
    for (const option of ['ro', 'nosuid', 'nodev']) assert.ok(options.includes(option), String(options));
  });
  assert.equal(contentsOf(folder), { beside: '', 'work/file': 'here' });
});

everyWay(
  'workingDirectory() does nothing where it is not hidden, and does not show what it never shows',
  async (way) => {
    const work = newFolder({ file: '' });
    await inDirectory(work, async () => {
      await way.shell(way.box().workingDirectory(), 'true > "$1/new"', work);
      assert.equal(readdirSync(work).sort(), ['file', 'new']);
    });
    await inDirectory('/dev/shm', async () => {
      const box = way.box().tmpfs('/dev').workingDirectory();
      assert.is(await way.shell(box, 'ls -A /dev'), '');
    });
  },
);

// Places that are missing.

/** What a missing place is made in, and whether mount(2) can do it. */
const rooms: Readonly<Record<string, { files: () => Record<string, string>; deep: string }>> = {
  'a directory': { files: () => ({ 'a/file': 'contents', 'a/sub/deep': 'deep', 'a/other': '' }), deep: 'a' },
  'an empty directory': { files: () => ({ 'a/': '' }), deep: 'a' },
  'a directory with odd names': { files: () => ({ [`a/${odd}`]: 'odd', [`a/${odd} dir/x`]: '' }), deep: 'a' },
  'a directory with many names': {
    files: () => Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`a/${i}`, `contents ${i}`])),
    deep: 'a',
  },
};
const isNew = ({ isClassic }: Way) => !isClassic;

for (const [what, { files, deep }] of Object.entries(rooms)) {
  everyWay(
    `a place that is missing in ${what} of a read-only host is made for the command alone`,
    async (way) => {
      const folder = newFolder(files());
      symlinkSync('file', join(folder, deep, 'link'));
      const source = newFolder({ bound: 'bound' });
      const before = stateOf(folder);
      const parent = join(folder, deep);
      const box = way
        .box()
        .hostRoot()
        .tmpfs(`${parent}/new/place`)
        .roBind(source, `${parent}/dir`)
        .roBind(`${source}/bound`, `${parent}/new-file`)
        .symlink('to', `${parent}/new-link`)
        .file(`${parent}/given`, 'given');
      const script = 'cd "$1"; find . -print0 | sort -z | tr "\\0" "|"';
      const inside = (await way.shell(box, script, parent)).split('|');
      const outside = (await shell(Sandbox.bare(), script, parent)).split('|');
      const added = ['./dir', './dir/bound', './given', './new', './new-file', './new-link', './new/place'];
      assert.equal(inside.sort(), [...outside, ...added].sort());
      const read =
        'cd "$1"; cat new-file given dir/bound; find . -maxdepth 1 -type f -print0 | sort -z | xargs -0 cat | cksum; true > new/place/x';
      assert.ok((await way.shell(box, read, parent)).startsWith('boundgivenbound'));
      for (const [path, expected] of Object.entries(files()).filter(([path]) => !path.endsWith('/'))) {
        assert.is(await way.output(box, 'cat', join(folder, path)), expected);
      }
      const errors = (await way.shell(box, '(true > "$1/x"); (true > "$1/new/x"); (mkdir "$1/y")', parent)).split('\n');
      assert.is(errors.length, 3);
      for (const error of errors) assert.match(error, readOnly);
      assert.equal(stateOf(folder), before);
    },
    undefined,
    isNew,
  );
}

everyWay(
  'a place that is missing further down cannot be made with mount(2), and the error says so',
  async (way) => {
    const folder = newFolder();
    const error = await way.refused(way.box().hostRoot().tmpfs(`${folder}/new`), /on the host nothing is made/);
    assert.instance(error, SpecError);
    assert.match((error as SpecError).help ?? '', /make it before/);
  },
  undefined,
  ({ isClassic }) => isClassic,
);

everyWay('a place that is missing in / of a read-only host is made for the command alone', async (way) => {
  const name = `/isolate-${basename(newFolder())}`;
  const before = [readdirSync('/').sort(), statSync('/', { bigint: true }).mtimeNs];
  const box = way.box().hostRoot().tmpfs(`${name}/a`).file(`${name}-file`, 'given').symlink('usr', `${name}-link`);
  const shown = await way.shell(
    box,
    'ls -A / | sort; cat "$1-file"; echo; readlink "$1-link"; true > "$1/a/x"; (true > "$1/x"); (true > /x)',
    name,
  );
  const lines = shown.split('\n');
  assert.equal(
    lines.slice(0, -4).sort(),
    [...readdirSync('/'), ...[name, `${name}-file`, `${name}-link`].map((path) => path.slice(1))].sort(),
  );
  assert.equal(lines.slice(-4, -2), ['given', 'usr']);
  for (const line of lines.slice(-2)) assert.match(line, readOnly);
  // All that was mounted on the host is there, and as before.
  const folder = newFolder({ file: 'here' });
  assert.match(await way.shell(box, 'cat "$1/file"; echo; true > "$1/file"', folder), /^here\n.*Read-only/);
  const below = (mount: { path: string }) => mount.path.startsWith('/sys');
  assert.is(
    (await way.mounts(box)).filter(below).length >=
      new Set(
        hostMounts()
          .filter(below)
          .map(({ path }) => path),
      ).size,
    true,
  );
  assert.equal([readdirSync('/').sort(), statSync('/', { bigint: true }).mtimeNs], before);
});

everyWay('a place that is missing on a host that can be written is not made', async (way) => {
  const folder = newFolder();
  for (const box of [way.box(), way.box().hostRoot({ readOnly: false })]) {
    for (const entry of [
      box.tmpfs(`${folder}/new`),
      box.dir(`${folder}/new`),
      box.file(`${folder}/new`, ''),
      box.symlink('x', `${folder}/new`),
      box.bind('/etc', `${folder}/new`),
    ]) {
      const error = await way.refused(entry, /would have to be made on the host/);
      assert.match((error as SpecError).help ?? '', /hostRoot/);
    }
  }
  assert.equal(readdirSync(folder), []);
});

// Where the command starts.

everyWay('the command starts in its directory, as it is in the view', async (way) => {
  const [source, target] = [newFolder({ file: 'bound' }), newFolder({ file: 'hidden' })];
  assert.is(await way.shell(way.box().bind(source, target).cwd(target), 'pwd; cat file'), `${target}\nbound`);
  await inDirectory(target, async () => {
    assert.is(await way.shell(way.box().bind(source, target).cwd('.'), 'pwd; cat file'), `${target}\nbound`);
  });
  assert.is(await way.shell(withSystem(way.box().emptyRoot()).dir('/a').cwd('a'), 'pwd'), '/a');
});

everyWay(
  'the command starts in the directory of the caller if nothing is said, and in / of another root',
  async (way) => {
    const [folder, tree] = [newFolder(), way.box().hostRoot()];
    const withoutCwd = (box: Sandbox) => {
      const { cwd: _, ...rest } = box.spec;
      return Sandbox.from(rest);
    };
    await inDirectory(folder, async () => {
      assert.is(await way.shell(withoutCwd(tree), 'pwd'), folder);
      assert.is(await way.shell(withoutCwd(withSystem(way.box().emptyRoot())), 'pwd'), '/');
      assert.is(await way.shell(withoutCwd(withSystem(way.box().rootfs(newRoot()))), 'pwd'), '/');
    });
  },
);

everyWay('the command does not start in a directory that is hidden', async (way) => {
  const folder = newFolder({ 'work/': '' });
  const error = await way.refused(way.box().tmpfs(folder).cwd(`${folder}/work`), /cannot be entered/);
  assert.is((error as StepError).reason, 'cwd-not-found');
});

everyWay('the command does not start in what the caller has open', async (way) => {
  const folder = newFolder({ secret: '', 'sub/': '' });
  const fd = openSync(folder, 'r');
  try {
    for (const box of [way.box().tmpfs(folder), way.box().hostRoot(), withSystem(way.box().emptyRoot())]) {
      for (const path of [
        `/proc/self/fd/${fd}`,
        `/proc/thread-self/fd/${fd}`,
        `/proc/1/fd/${fd}/sub`,
        '/proc/self/cwd',
      ]) {
        const error = await way.refused(box.cwd(path), /cannot be entered/, 'pwd');
        assert.is((error as StepError).reason, 'cwd-not-found', path);
      }
    }
  } finally {
    closeSync(fd);
  }
});

// The safe default, for where one test of the above applies to it.

skipUnless(
  test,
  noNamespaces,
  'isolate() shows the working directory, read-only, in the place of what it hides',
  async () => {
    const folder = newFolder({ file: 'here' });
    await inDirectory(folder, async () => {
      const shown = await shell(isolate(), 'pwd; cat file; (true > new) 2>&1; ls -A ..');
      assert.ok(shown.startsWith(`${folder}\nhere`), shown);
      assert.match(shown, readOnly);
      assert.ok(shown.endsWith(`\n${basename(folder)}`), shown);
    });
  },
);

skipUnless(test, either(noNamespaces, rootOnly()), 'a view for another user', async () => {
  const folder = newFolder({ file: 'here' });
  const box = Sandbox.bare()
    .unshare('mount', 'pid')
    .hostRoot()
    .tmpfs(folder, { mode: 0o700 })
    .home()
    .uid(1000)
    .gid(1000)
    .cwd('/');
  await withHome(newFolder({ secret: '' }), async () => {
    const shown = await script(
      box.env({ FOLDER: folder }),
      `const fs = require('node:fs'); const home = process.env.HOME; fs.writeFileSync(home + '/x', ''); fs.writeFileSync(process.env.FOLDER + '/y', '');
       console.log(fs.readdirSync(home).join(), fs.statSync(home).uid, fs.statSync(process.env.FOLDER).gid, process.getuid())`,
    );
    assert.is(shown, 'x 1000 1000 1000');
  });
});

test.run();
