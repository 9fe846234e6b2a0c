// What a command changed in an overlay, and putting it on the host: with overlays that the kernel mounts.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { applyChanges } from '../src/builder/snapshot/apply-changes.js';
import type { Change } from '../src/builder/snapshot/change.js';
import { readChanges } from '../src/builder/snapshot/read-changes.js';
import { Snapshot } from '../src/builder/snapshot/snapshot.js';
import { SnapshotError } from '../src/builder/snapshot/snapshot-error.js';
import { renderChanges } from '../src/cli/render-changes.js';
import { lgetxattr, llistxattr, lsetxattr, O, prlimit64, RLIMIT, S_IF } from '../src/sys/index.js';
import { either, isRoot, rootOnly, skipUnless } from './helpers/can.js';

const folder = mkdtempSync(join(tmpdir(), 'isolate-snapshot-'));
// Paths that are too long, and directories that are closed: not all of it could be removed from here.
test.after(() => run('sh', ['-c', 'chmod -R u+rwx "$1"; rm -rf "$1"', 'sh', folder]));

function run(command: string, args: readonly string[], cwd = folder): void {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  assert.is(status, 0, `${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

/** How an overlay is mounted: by anybody, with marks that anybody may set; or by root, with those of the kernel's own. */
const mounters = {
  user: { unshare: ['--user', '--map-root-user', '--mount'], options: 'userxattr' },
  trusted: { unshare: ['--mount'], options: 'redirect_dir=off,metacopy=off' },
  redirecting: { unshare: ['--mount'], options: 'redirect_dir=on,metacopy=off' },
};
type Mounter = keyof typeof mounters;

/** The layers of an overlay, and a copy of what it showed in the end. */
interface Layers {
  readonly lower: string;
  readonly upper: string;
  readonly seen: string;
}

function newLayers() {
  const place = mkdtempSync(join(folder, 'layers-'));
  const make = (name: string): string => {
    mkdirSync(join(place, name));
    return join(place, name);
  };
  return { lower: make('lower'), upper: make('upper'), work: make('work'), merged: make('merged'), seen: make('seen') };
}

/** Fills a directory by one shell script, and changes it in an overlay by another. */
function changed(before: string, script: string, mounter: Mounter = 'user', look = 'cp -a . "$1"'): Layers {
  const { lower, upper, work, merged, seen } = newLayers();
  run('sh', ['-euc', before], lower);
  const { unshare, options } = mounters[mounter];
  const mount = `mount -t overlay overlay -o ${options},lowerdir=${lower},upperdir=${upper},workdir=${work} ${merged}`;
  const inside = `umask 022; ${mount}; cd ${merged}; (${script}\n); ${look}`;
  run('unshare', [...unshare, 'sh', '-euc', inside, 'sh', seen]);
  return { lower, upper, seen };
}

const noOverlays = (() => {
  try {
    changed('', ':');
    return undefined;
  } catch (error) {
    return `no overlay of ${folder} in a user namespace: ${(error as Error).message.slice(-200).trim()}`;
  }
})();

/** Why a test cannot make by hand what the kernel makes. */
const noAttributes = (() => {
  try {
    lsetxattr(folder, 'user.isolate', '', 0);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
})();

const changesOf = ({ upper, lower }: Layers) => readChanges({ upper, lower, target: '/work' });

/** One line for each change: `modified file a (metadata)`. */
function line({ path, kind, type, metadataOnly, opaque }: Change): string {
  const notes = `${metadataOnly ? ' (metadata)' : ''}${opaque ? ' (opaque)' : ''}`;
  return `${kind} ${type} ${path.replace(/^\/work\//, '')}${notes}`;
}

const linesOf = async (layers: Layers): Promise<string[]> => (await changesOf(layers)).map(line);

/** All that there is to know of what is in a directory, but for when it was read: by path, one byte to a character. */
function treeOf(directory: string): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  const visit = (above: Buffer, trail: string): void => {
    for (const name of readdirSync(above, { encoding: 'buffer' })) {
      const path = Buffer.concat([above, Buffer.from('/'), name]);
      const place = `${trail}/${name.toString('latin1')}`;
      const { mode, uid, gid, mtimeNs, rdev } = lstatSync(path, { bigint: true });
      const facts = { mode: mode.toString(8), uid, gid, mtimeNs };
      if (typeOf(mode) === S_IF.LNK) tree[place] = { ...facts, target: readlinkSync(path, 'latin1') };
      else if (![S_IF.REG, S_IF.DIR].includes(typeOf(mode))) tree[place] = { ...facts, rdev };
      else {
        // Its owner may have closed it.
        chmodSync(path, 0o700);
        tree[place] = { ...facts, attributes: attributesOf(path), ...(typeOf(mode) === S_IF.REG && bytesOf(path)) };
        if (typeOf(mode) === S_IF.DIR) visit(path, place);
        chmodSync(path, Number(mode & 0o7777n));
      }
    }
  };
  visit(Buffer.from(directory), '');
  return tree;
}

const typeOf = (mode: bigint) => Number(mode) & S_IF.MT;
const bytesOf = (path: Buffer) => ({ bytes: createHash('sha1').update(readFileSync(path)).digest('hex') });

function attributesOf(path: Buffer): string[] {
  const names = llistxattr(path, 1 << 16).map(String);
  const users = names.filter((name) => name.startsWith('user.')).sort();
  return users.map((name) => `${name}=${lgetxattr(path, name, 1 << 16)}`);
}

/** Applied, the host has what the overlay showed. */
async function appliesTo(layers: Layers): Promise<void> {
  await applyChanges(layers, { setId: true });
  assert.equal(treeOf(layers.lower), treeOf(layers.seen));
}

/** Applied, there is nothing left to be told. */
async function isApplied(layers: Layers): Promise<void> {
  const left = (await linesOf(layers)).filter((change) => !change.endsWith(' (opaque)'));
  assert.equal(left, [], 'changes that were not applied');
}

interface Case {
  readonly before?: string;
  readonly script: string;
  readonly changes: readonly string[];
  /** On the host, too, something is closed to its owner then, which is not opened to be compared. */
  readonly closes?: true;
}

/** What anybody can do in an overlay. */
const cases: Record<string, Case> = {
  'nothing changed': { before: 'echo a > a; mkdir d; echo b > d/b', script: 'cat a d/b', changes: [] },
  'what the kernel only copied is no change': {
    before: 'echo a > a; mkdir -p d/e; echo b > d/b; ln -s a l; chmod 755 d; touch -d @1 d a',
    script: ': >> a; : >> d/b; chmod 755 d; chmod 755 d/e; chown -h 0 l; echo x > d/x; rm d/x; touch -d @1 d',
    changes: [],
  },
  'something added': {
    before: 'mkdir old',
    script: 'echo a > a; mkdir -p d/e; echo b > d/e/b; ln -s nowhere l; mkfifo -m 640 f; echo n > old/n; : > empty',
    changes: [
      'added file a',
      'added directory d',
      'added directory d/e',
      'added file d/e/b',
      'added file empty',
      'added fifo f',
      'added symlink l',
      'added file old/n',
    ],
  },
  'contents modified': {
    before: 'echo one > same-length; echo a > longer; echo a > shorter; mkdir -p d/e; echo a > d/e/deep; echo a > not',
    script: 'echo two > same-length; echo b >> longer; : > shorter; echo b > d/e/deep; echo gone > t; rm t',
    changes: ['modified file d/e/deep', 'modified file longer', 'modified file same-length', 'modified file shorter'],
  },
  'something deleted: of a directory, the directory': {
    before: 'echo a > a; mkdir -p d/e k; echo b > d/e/b; echo k > k/k; echo l > k/l; ln -s /etc link; mkfifo f',
    script: 'rm a f link k/k; rm -r d',
    changes: ['deleted file a', 'deleted directory d', 'deleted fifo f', 'deleted file k/k', 'deleted symlink link'],
  },
  'a directory made anew hides what was in it, below too': {
    before: 'mkdir -p d/e/f d/gone; cd d; echo a > a; echo b > b; echo c > e/c; echo c > e/f/c; touch -d @5 a',
    script: 'rm -r d; mkdir d; cd d; echo a > a; touch -d @5 a; echo new > b; mkdir e; echo d > e/d',
    changes: [
      'modified directory d (opaque)',
      'modified file d/b',
      'deleted file d/e/c',
      'added file d/e/d',
      'deleted directory d/e/f',
      'deleted directory d/gone',
    ],
  },
  'metadata only': {
    before: 'echo a > mode; echo a > time; mkdir -m 755 d; echo a > d/a; mkfifo -m 600 f; ln -s x l; echo a > both',
    script:
      'chmod 4711 mode; touch -d @7.123456789 time; chmod 710 d; chmod 644 f; touch -hd @9 l; chmod 401 both; echo b > both',
    changes: [
      'modified file both',
      'modified directory d (metadata)',
      'modified fifo f (metadata)',
      'modified symlink l (metadata)',
      'modified file mode (metadata)',
      'modified file time (metadata)',
    ],
  },
  'renames are something deleted and something added': {
    before: 'echo a > a; echo b > b; mkdir d; echo x > d/x; echo y > over',
    script: 'mv a z; mv d e; mv b over',
    changes: [
      'deleted file a',
      'deleted file b',
      'deleted directory d',
      'added directory e',
      'added file e/x',
      'modified file over',
      'added file z',
    ],
  },
  'another type': {
    before:
      'for n in fd fl lf ff; do echo $n > $n; done; for n in df dl; do mkdir $n; echo x > $n/x; done; ln -s fd ld; ln -s fd lx',
    script:
      'rm -r fd fl df dl ld lx ff; mkdir fd; echo n > fd/n; ln -s t fl; echo f > df; ln -s t dl; mkdir ld; ln -s t lx; mkfifo ff',
    changes: [
      'modified file df',
      'modified symlink dl',
      'modified directory fd',
      'added file fd/n',
      'modified fifo ff',
      'modified symlink fl',
      'modified directory ld',
      'modified symlink lx',
    ],
  },
  'odd names': {
    before: `echo a > "$(printf 'bytes\\377')"; echo a > -rf; mkdir "$(printf 'di\\n\\376r')"; echo a > '...'; echo a > '\\040'`,
    script: `echo b > "$(printf 'bytes\\377')"; echo b > -rf; echo n > "$(printf 'di\\n\\376r')/n"; rm ./...; echo b > '\\040'
      mkfifo "$(printf 'fifo\\377')"; ln -s "$(printf 'to\\377')" "$(printf 'link\\nx')"; mkdir ' '; echo n > ' /"'`,
    changes: [
      'added directory  ',
      'added file  /"',
      'modified file -rf',
      'deleted file ...',
      'modified file \\040',
      'modified file bytes\u{fffd}',
      'added file di\n\u{fffd}r/n',
      'added fifo fifo\u{fffd}',
      'added symlink link\nx',
    ],
  },
  'what its owner may not read or write': {
    before:
      'mkdir closed gone kept; echo a > closed/a; echo a > gone/a; echo a > kept/a; echo a > f; chmod 555 kept gone',
    script:
      'echo b > closed/b; chmod 0 closed; mkdir -m 0 new; echo n > new/n; chmod 0 new/n; echo b > kept/b; rm -r gone; echo b > f; chmod 0 f',
    changes: [
      'modified directory closed (metadata)',
      'added file closed/b',
      'modified file f',
      'deleted directory gone',
      'added file kept/b',
      'added directory new',
      'added file new/n',
    ],
    closes: true,
  },
  'two names of a file are two files': {
    before: 'echo a > a; echo b > b',
    script: 'ln a second; ln b c; echo more >> b',
    changes: ['modified file b', 'added file c', 'added file second'],
  },
  'big files': {
    before: 'head -c 3145729 /dev/zero | tr "\\0" x > same; cp same last; cp same grown; cp same end',
    script:
      'chmod 600 same; printf y | dd of=last bs=1 seek=3145728 conv=notrunc status=none; echo >> grown; truncate -s 3145728 end; truncate -s 5M sparse',
    changes: [
      'modified file end',
      'modified file grown',
      'modified file last',
      'modified file same (metadata)',
      'added file sparse',
    ],
  },
};

for (const [name, { before = '', script, changes, closes }] of Object.entries(cases)) {
  for (const mounter of ['user', 'trusted'] as const) {
    const reason = mounter === 'user' ? noOverlays : either(noOverlays, rootOnly());
    skipUnless(test, reason, `${name} (${mounter})`, async () => {
      const layers = changed(before, script, mounter);
      assert.equal(await linesOf(layers), changes);
      assert.equal(await linesOf(layers), changes, 'reading changes nothing');
      await appliesTo(layers);
      if (isRoot || !closes) await isApplied(layers);
    });
  }
}

skipUnless(test, noOverlays, 'the time that a closed file is open is over afterwards', async () => {
  const { upper, lower, seen } = changed('', 'mkdir -m 0 d; mkdir -m 100 d/e; echo a > d/e/f; chmod 0 d/e/f');
  await changesOf({ upper, lower, seen });
  await applyChanges({ upper, lower });
  for (const top of [upper, lower]) {
    assert.is(statSync(`${top}/d`).mode & 0o7777, 0);
    chmodSync(`${top}/d`, 0o700);
    assert.is(statSync(`${top}/d/e`).mode & 0o7777, 0o100);
    assert.is(statSync(`${top}/d/e/f`).mode & 0o7777, 0);
  }
});

skipUnless(test, noOverlays, 'holes of a file stay holes', async () => {
  const layers = changed('', 'truncate -s 8M f; echo end >> f');
  await applyChanges(layers);
  const { size, blocks } = statSync(`${layers.lower}/f`);
  assert.is(size, 8 * 2 ** 20 + 4);
  assert.ok(blocks * 512 < 2 ** 21 + 2 ** 16, `${blocks} blocks`);
});

skipUnless(test, noOverlays, 'paths that are longer than the kernel takes', async () => {
  const name = 'x'.repeat(100);
  const down = (depth: number) =>
    `i=0; while [ $i -lt ${depth} ]; do mkdir -p ${name}; cd -P ${name}; i=$((i + 1)); done`;
  const layers = changed(down(20), `${down(60)}; echo deep > file`, 'user', ':');
  const lines = await linesOf(layers);
  assert.is(lines.length, 41);
  assert.ok(lines.every((change) => change.startsWith('added ')));
  await applyChanges(layers);
  assert.equal(await linesOf(layers), []);
});

skipUnless(test, noOverlays, 'a target at the top', async () => {
  const { upper, lower } = changed('', 'mkdir d; echo a > d/a');
  const paths = (await readChanges({ upper, lower, target: '/' })).map(({ path }) => path);
  assert.equal(paths, ['/d', '/d/a']);
});

skipUnless(test, noOverlays, 'a file that only the command may read counts as modified', async () => {
  const layers = changed('echo a > a; chmod 200 a', 'touch -d @1 a');
  assert.equal(await linesOf(layers), [`modified file a${isRoot ? ' (metadata)' : ''}`]);
  await appliesTo(layers);
});

skipUnless(
  test,
  noAttributes,
  "a user's attributes are compared and applied, those of overlayfs are neither",
  async () => {
    const layers = newLayers();
    const { lower, upper } = layers;
    for (const top of [lower, upper]) {
      for (const name of ['f', 'same', 'read-only']) writeFileSync(`${top}/${name}`, name);
      mkdirSync(`${top}/d`);
      lsetxattr(`${top}/d`, 'user.same', 'x', 0);
      lsetxattr(`${top}/same`, 'user.same', 'x', 0);
    }
    const long = 'x'.repeat(2_000);
    lsetxattr(`${lower}/f`, 'user.old', 'x', 0);
    lsetxattr(`${lower}/f`, 'user.kept', 'x', 0);
    lsetxattr(`${upper}/f`, 'user.kept', 'x', 0);
    lsetxattr(`${upper}/f`, 'user.new', long, 0);
    lsetxattr(`${upper}/f`, Buffer.from([...Buffer.from('user.'), 0xff]), 'x', 0);
    lsetxattr(`${upper}/d`, 'user.overlay.impure', 'y', 0);
    lsetxattr(`${upper}/same`, 'user.overlay.origin', 'y', 0);
    lsetxattr(`${upper}/read-only`, 'user.new', 'x', 0);
    for (const top of [lower, upper]) chmodSync(`${top}/read-only`, 0o444);
    run('cp', ['-p', '--attributes-only', `${upper}/same`, `${lower}/same`]);
    run('touch', [
      '-r',
      `${upper}/f`,
      `${lower}/f`,
      `${lower}/same`,
      `${lower}/read-only`,
      `${upper}/read-only`,
      `${upper}/same`,
    ]);
    assert.equal(await linesOf(layers), ['modified file f (metadata)', 'modified file read-only (metadata)']);
    await applyChanges(layers);
    assert.equal(await linesOf(layers), []);
    assert.is(lgetxattr(`${lower}/f`, 'user.new', 1 << 16).toString(), long);
    assert.not(llistxattr(`${lower}/f`, 1 << 10).some((name) => name.toString() === 'user.old'));
    assert.is(statSync(`${lower}/read-only`).mode & 0o777, 0o444);
  },
);

skipUnless(test, noAttributes, 'whiteouts that are attributes of empty files', async () => {
  const layers = newLayers();
  const { lower, upper } = layers;
  for (const top of [lower, upper]) {
    for (const directory of ['marked', 'not-marked']) {
      mkdirSync(`${top}/${directory}`);
      writeFileSync(`${top}/${directory}/gone`, '');
      writeFileSync(`${top}/${directory}/kept`, 'kept');
    }
  }
  writeFileSync(`${upper}/marked/never-was`, '');
  lsetxattr(`${upper}/marked`, 'user.overlay.opaque', 'x', 0);
  for (const name of ['marked/gone', 'marked/never-was', 'marked/kept', 'not-marked/gone']) {
    lsetxattr(`${upper}/${name}`, 'user.overlay.whiteout', '', 0);
  }
  run('sh', ['-c', 'touch -d @1 */*/*'], join(upper, '..'));
  assert.equal(await linesOf(layers), ['deleted file marked/gone']);
  await applyChanges(layers);
  assert.equal(readdirSync(`${lower}/marked`), ['kept']);
  assert.equal(readdirSync(`${lower}/not-marked`), ['gone', 'kept']);
});

/** The command of a process that applies the changes of layers, one after the other, and prints what came of it. */
function applying(...layers: { lower: string; upper: string }[]): string[] {
  const code = `
    import { applyChanges } from '${new URL('../src/builder/snapshot/apply-changes.js', import.meta.url)}';
    for (const layers of JSON.parse(process.argv[1])) {
      await applyChanges(layers).then(() => console.log('applied'), (error) => console.log(error.message));
    }`;
  const loader = ['--import', import.meta.resolve('tsx'), '--input-type=module'];
  return [process.execPath, ...loader, '--eval', code, JSON.stringify(layers)];
}

// --- what is refused

/** Both ways refuse it with these words, and nothing on the host is touched. */
async function refuses(layers: Layers, path: string, words: RegExp, calls = [changesOf, applyChanges]): Promise<void> {
  const before = treeOf(layers.lower);
  for (const call of calls as ((layers: Layers) => Promise<unknown>)[]) {
    const error = await call(layers).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.instance(error, SnapshotError);
    const { message, path: place } = error as SnapshotError;
    assert.match(message, words);
    assert.ok(place.endsWith(path), place);
  }
  assert.equal(treeOf(layers.lower), before);
}

skipUnless(test, noAttributes, 'notes of redirect_dir and metacopy are refused', async () => {
  const directory = newLayers();
  mkdirSync(`${directory.upper}/e`);
  writeFileSync(`${directory.upper}/a`, 'never applied');
  lsetxattr(`${directory.upper}/e`, 'user.overlay.redirect', 'd', 0);
  await refuses(directory, '/e', /renamed.*without redirect_dir/);
  const file = newLayers();
  writeFileSync(`${file.upper}/f`, '');
  lsetxattr(`${file.upper}/f`, 'user.overlay.metacopy', '', 0);
  await refuses(file, '/f', /no contents.*without redirect_dir and metacopy/);
});

skipUnless(test, either(noOverlays, rootOnly()), 'a rename that the kernel only noted is refused', async () => {
  await refuses(changed('mkdir d; echo a > d/a', 'mv d e', 'redirecting'), '/e', /renamed/);
});

skipUnless(test, either(noOverlays, rootOnly()), 'devices are told, and not applied', async () => {
  const layers = changed('echo a > a; mkdir d', 'echo b > a; mknod d/null c 1 3; mknod d/x b 7 200', 'trusted');
  assert.equal(await linesOf(layers), ['modified file a', 'added character d/null', 'added block d/x']);
  await refuses(layers, 'd/null', /it is a device/, [applyChanges]);
});

skipUnless(test, noOverlays, 'a socket is told, and not applied', async () => {
  const listen = `require('net').createServer().listen('socket', () => process.kill(process.pid, 'SIGKILL'))`;
  const layers = changed('echo a > a', `echo b > a; ${process.execPath} -e "${listen}" || :`);
  assert.equal(await linesOf(layers), ['modified file a', 'added socket socket']);
  await refuses(layers, '/socket', /it is a socket/, [applyChanges]);
});

skipUnless(test, isRoot ? 'root gives files to anybody' : undefined, 'files of others are not applied', async () => {
  await refuses({ ...newLayers(), upper: '/proc/sys/kernel/random' }, '/boot_id', /only root gives/, [applyChanges]);
});

test('what is no directory is refused', async () => {
  const { upper, lower, seen } = newLayers();
  writeFileSync(`${upper}/f`, '');
  await refuses({ upper: `${upper}/f`, lower, seen }, '/f', /opening the directory failed: open gave ENOTDIR/);
  await refuses({ upper: `${upper}/none`, lower, seen }, '/none', /ENOENT \(No such file or directory\)/);
});

skipUnless(test, isRoot ? 'root may read it' : noOverlays, 'what cannot be read is refused', async () => {
  const layers = changed('mkdir d; echo a > d/a', 'echo b > d/a');
  chmodSync(`${layers.lower}/d`, 0);
  await changesOf(layers).then(
    () => assert.unreachable('it was read'),
    (error: SnapshotError) => assert.match(error.message, /^"\/work\/d\/a": reading it failed: \w+ gave EACCES \(/),
  );
});

skipUnless(test, noOverlays, 'what is mounted below the directory of the host is left alone', async () => {
  const { lower, upper } = changed(
    "mkdir -p 'm t' n/m deep/er",
    "rm -r deep; echo x > 'm t/x'; mkdir n/m/d; echo y > y",
  );
  const pairs = ['', '/n', '/m t'].map((below) => ({ lower: lower + below, upper: upper + below }));
  const inside = `mount -t tmpfs t deep/er; echo kept > deep/er/kept; mount -t tmpfs t 'm t'; mount --bind deep n/m; "$@"; cat deep/er/kept; ls`;
  const { stdout, stderr } = spawnSync(
    'unshare',
    [...mounters.user.unshare, 'sh', '-euc', inside, 'sh', ...applying(...pairs)],
    {
      cwd: lower,
      encoding: 'utf8',
    },
  );
  const refused = (path: string) =>
    `"${path}": on the host something is mounted there, or below, which the overlay does not show`;
  assert.equal(
    stdout.trim().split('\n'),
    [refused(`${lower}/deep`), refused(`${lower}/n/m`), 'applied', 'kept', 'deep', 'm t', 'n'],
    stderr,
  );
});

// --- nothing outside

skipUnless(test, noOverlays, 'no link leads out of the directory', async () => {
  const outside = mkdtempSync(join(folder, 'outside-'));
  mkdirSync(`${outside}/d`);
  writeFileSync(`${outside}/d/canary`, 'alive');
  writeFileSync(`${outside}/file`, 'alive');
  const before = treeOf(outside);
  const layers = changed(
    `ln -s ${outside}/d to-directory; ln -s ${outside} to-delete; ln -s ${outside}/file to-file; mkdir d; ln -s ${outside} d/l; mkdir e`,
    `rm to-directory to-delete to-file; mkdir to-directory; echo dead > to-directory/canary; echo dead > to-file
     rm -r d; ln -s ${outside}/d d; rm -r e; ln -s ${outside}/file e; ln -s ${outside} new`,
  );
  assert.equal(await linesOf(layers), [
    'modified symlink d',
    'modified symlink e',
    'added symlink new',
    'deleted symlink to-delete',
    'modified directory to-directory',
    'added file to-directory/canary',
    'modified file to-file',
  ]);
  await appliesTo(layers);
  assert.equal(treeOf(outside), before);
});

test('links that replace a directory are not followed, on either side', async () => {
  const outside = mkdtempSync(join(folder, 'outside-'));
  mkdirSync(`${outside}/sub`);
  writeFileSync(`${outside}/sub/canary`, 'alive');
  const before = treeOf(outside);
  const { lower, upper, seen } = newLayers();
  // The host's directory has become a link; that of the overlay has as well, where the host has a directory.
  mkdirSync(`${upper}/a`);
  mkdirSync(`${upper}/a/sub`);
  writeFileSync(`${upper}/a/sub/canary`, 'dead');
  symlinkSync(outside, `${lower}/a`);
  symlinkSync(outside, `${upper}/b`);
  mkdirSync(`${lower}/b`);
  writeFileSync(`${lower}/b/file`, '');
  assert.equal(await linesOf({ lower, upper, seen }), [
    'modified directory a',
    'added directory a/sub',
    'added file a/sub/canary',
    'modified symlink b',
  ]);
  await applyChanges({ lower, upper });
  assert.equal(treeOf(outside), before);
  assert.is(readFileSync(`${lower}/a/sub/canary`, 'utf8'), 'dead');
  assert.is(readlinkSync(`${lower}/b`), outside);
});

skipUnless(test, noOverlays, 'a file that is too big is refused at once, and leaves nothing', async () => {
  const layers = changed('echo old > f', 'head -c 100000 /dev/zero | tr "\\0" x > f; echo g > g');
  const limit = prlimit64(0, RLIMIT.FSIZE, null);
  prlimit64(0, RLIMIT.FSIZE, { ...limit, rlim_cur: 50_000n });
  const error = await applyChanges(layers)
    .catch((thrown: SnapshotError) => thrown)
    .finally(() => prlimit64(0, RLIMIT.FSIZE, limit));
  assert.instance(error, SnapshotError);
  assert.is((error as SnapshotError).code, 'EFBIG');
  assert.match((error as SnapshotError).message, /^".*\/f": applying the change failed: ftruncate gave EFBIG \(/);
  assert.equal(readdirSync(layers.lower), ['f']);
  assert.is(readFileSync(`${layers.lower}/f`, 'utf8'), 'old\n');
  assert.not(existsSync(`${layers.lower}/g`));
});

// --- set-id files

const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);
const setIdScript =
  'echo b >> old; chmod 4755 old; mkdir d; chmod 3770 d; echo n > d/both; chmod 6755 d/both; echo n > group; chmod 2711 group; mkfifo -m 600 f; ln -s x l; touch -d @9 kept; chmod 755 opened; touch -d @9 gone; rm gone; chmod 4755 opened';
const setIdBefore =
  'echo a > old; chmod 4755 old; echo a > kept; chmod 4750 kept; echo a > opened; chmod 4750 opened; echo a > gone; chmod 4755 gone';

skipUnless(test, noOverlays, 'permissions and owners are told, and files that lend them are marked', async () => {
  const layers = changed(setIdBefore, setIdScript);
  const changes = await changesOf(layers);
  assert.equal(
    changes.map(({ path, mode }) => `${path.slice('/work/'.length)} ${mode?.toString(8)}`),
    [
      'd 3770',
      'd/both 6755',
      'f 600',
      'gone 4755',
      'group 2711',
      'kept 4750',
      'l undefined',
      'old 4755',
      'opened 4755',
    ],
  );
  assert.not('mode' in (changes.find(({ type }) => type === 'symlink') as Change));
  for (const { uid, gid } of changes) assert.equal([uid, gid], [process.geteuid?.(), process.getegid?.()]);
  assert.is(
    renderChanges(changes),
    `A /work/d/
A /work/d/both (set-user-ID) (set-group-ID)
A /work/f
D /work/gone
A /work/group (set-group-ID)
M /work/kept (metadata) (set-user-ID)
A /work/l
M /work/old (set-user-ID)
M /work/opened (metadata) (set-user-ID)
`,
  );
});

skipUnless(test, noOverlays, 'files get no set-id bits, unless that is wished', async () => {
  const layers = changed(setIdBefore, setIdScript);
  const at = (name: string) => modeOf(`${layers.lower}/${name}`);
  const modes = () => ['old', 'd', 'd/both', 'group', 'kept', 'opened'].map(at).join(' ');
  await applyChanges(layers);
  // The host had `kept` as it is; nobody else could run `opened`.
  assert.is(modes(), '755 3770 755 711 4750 755');
  assert.is(modeOf(`${layers.upper}/old`), '4755', 'the snapshot stays as it is');
  await applyChanges(layers, { setId: true });
  assert.is(modes(), '4755 3770 6755 2711 4750 4755');
  assert.equal(await linesOf(layers), []);
});

skipUnless(test, either(noOverlays, rootOnly()), 'the bits of a file of another owner are not kept', async () => {
  const layers = changed('echo a > f; chmod 4755 f; chown 1000:1000 f', 'chown 0:0 f; chmod 4755 f', 'trusted');
  const [change] = await changesOf(layers);
  assert.equal([change?.mode, change?.uid, change?.gid, change?.metadataOnly], [0o4755, 0, 0, true]);
  await applyChanges(layers);
  assert.is(modeOf(`${layers.lower}/f`), '755');
  assert.is(statSync(`${layers.lower}/f`).uid, 0);
});

// --- big, deep, at the same time

/** A file of this size, with no more than this in it. */
function sparse(path: string, size: number, text = '', position = 0): void {
  writeFileSync(path, '');
  truncateSync(path, size);
  const file = openSync(path, 'r+');
  writeSync(file, text, position);
  closeSync(file);
  utimesSync(path, 1, 1);
}

/** So long a test has to end; one that would take years fails then. */
const soon = () => ({ signal: AbortSignal.timeout(20_000) });
const tebibyte = 2 ** 40;

test('the holes of sparse files are neither compared nor copied', async () => {
  const { lower, upper, seen } = newLayers();
  for (const top of [lower, upper]) {
    sparse(`${top}/same`, 4 * tebibyte, 'data', 3 * tebibyte);
    sparse(`${top}/holes`, 4 * tebibyte);
    sparse(`${top}/differs`, 4 * tebibyte, top === lower ? 'one' : 'two', tebibyte + 5);
    sparse(`${top}/elsewhere`, 4 * tebibyte, 'data', top === lower ? 0 : tebibyte);
  }
  sparse(`${upper}/added`, 4 * tebibyte, 'here', tebibyte);
  const zeros = Buffer.alloc(3 * 2 ** 20);
  writeFileSync(`${upper}/zeros`, zeros);
  writeFileSync(`${lower}/zeros`, '');
  truncateSync(`${lower}/zeros`, zeros.length);
  for (const top of [lower, upper]) utimesSync(`${top}/zeros`, 1, 1);
  const read = async () => (await readChanges({ upper, lower, target: '/work' }, soon())).map(line);
  assert.equal(await read(), ['added file added', 'modified file differs', 'modified file elsewhere']);
  await applyChanges({ upper, lower }, soon());
  assert.equal(await read(), []);
  assert.is(statSync(`${lower}/added`).size, 4 * tebibyte);
  assert.ok(statSync(`${lower}/added`).blocks < 1000);
  run('sh', ['-c', `cmp -n 2097152 -i ${tebibyte - 2 ** 20} "$1" "$2"`, 'sh', `${upper}/added`, `${lower}/added`]);
  assert.equal(readdirSync(seen), []);
});

skipUnless(test, noOverlays, 'a file that is bigger than what is counted is refused', async () => {
  const { lower, upper } = newLayers();
  writeFileSync(`${lower}/f`, 'old');
  const make = `mount -t tmpfs t ${upper}; echo a > ${upper}/a; truncate -s 8000P ${upper}/f; "$@"; ls -A ${lower}`;
  const same = `mount -t tmpfs t ${lower}; for d in ${upper} ${lower}; do truncate -s 8000P $d/f; printf x | dd of=$d/f bs=4k conv=notrunc status=none $seek; touch -d @1 $d/f; done; chmod 400 ${upper}/f`;
  const inside = (script: string) =>
    spawnSync('unshare', [...mounters.user.unshare, 'sh', '-euc', script, 'sh', ...applying({ lower, upper })], {
      encoding: 'utf8',
      timeout: 30_000,
    });
  const refused = `"${lower}/f": it is too big, with 9007199254740992000 bytes`;
  const { stdout, stderr } = inside(make);
  assert.equal(stdout.trim().split('\n'), [refused, 'f'], stderr);
  const both = (seek: string) => inside(`seek=${seek}; mount -t tmpfs t ${upper}; ${same}; "$@"`);
  assert.is(both('').stdout, 'applied\n', 'only the permissions differ');
  assert.is(both('seek=2000000000000000').stdout, `${refused}\n`, 'what cannot be read is not the same');
});

test('what is too deep is refused, and shown by its ends', async () => {
  const { lower, upper, seen } = newLayers();
  const below = (top: string, levels: number) => `${top}${'/directory'.repeat(levels)}`;
  mkdirSync(below(upper, 300), { recursive: true });
  await refuses({ upper, lower, seen }, '/directory', /^"[^"]{190,210}": it is more than 128 directories deep/);
  const fits = newLayers();
  mkdirSync(below(fits.upper, 128), { recursive: true });
  writeFileSync(`${below(fits.upper, 128)}/file`, '');
  await applyChanges(fits);
  assert.equal(await linesOf(fits), []);
});

test('what is stopped leaves what it did, and no half of a file', async () => {
  const { lower, upper } = newLayers();
  for (const name of ['a', 'b', 'c']) writeFileSync(`${upper}/${name}`, Buffer.alloc(20 * 2 ** 20, name));
  writeFileSync(`${lower}/b`, 'old');
  const stop = new AbortController();
  const applied = applyChanges({ upper, lower }, stop).catch((error) => error);
  while (!existsSync(`${lower}/a`)) await new Promise(setImmediate);
  stop.abort();
  assert.is(await applied, stop.signal.reason);
  assert.equal(readdirSync(lower), ['a', 'b']);
  assert.is(readFileSync(`${lower}/b`, 'utf8'), 'old');
  const before = await readChanges({ upper, lower, target: '/' }, stop).catch((error) => error);
  assert.is(before, stop.signal.reason);
});

test('a snapshot is thrown away when nothing reads it any more, and nothing begins to', async () => {
  const { lower, upper } = newLayers();
  for (let i = 0; i < 200; i++) writeFileSync(`${upper}/${i}`, 'new');
  const fd = openSync(join(upper, '..'), O.PATH | O.DIRECTORY);
  const snapshot = new Snapshot(fd, [{ target: '/work', lower, upper: 'upper' }]);
  const running = [snapshot.changes(), snapshot.read('/work/7'), snapshot.apply()] as const;
  const discarded = snapshot.discard();
  // What is opened in between must not get its number.
  const other = openSync('/dev/null', O.RDONLY);
  assert.is.not(other, fd);
  for (const begin of [() => snapshot.changes(), () => snapshot.read('/work/7'), () => snapshot.apply()]) {
    assert.match(await begin().then(String, String), /it was thrown away/);
  }
  const [changes, contents] = await Promise.all(running);
  assert.is(changes.length, 200);
  assert.is(String(contents), 'new');
  assert.is(readdirSync(lower).length, 200);
  await Promise.all([discarded, snapshot.discard()]);
  assert.not(existsSync(`/proc/self/fd/${fd}`));
  closeSync(other);
});

test.run();
