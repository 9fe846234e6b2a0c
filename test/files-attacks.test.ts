// Symbolic links that lead out of where something is to be mounted: nothing of the host is touched, whatever they say and however
// fast they change.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { IsolateError, type Sandbox, StepError } from '../src/index.js';
import { skipUnless } from './helpers/can.js';
import { foldersFor, stateOf } from './helpers/folder.js';
import { everyWay, hostMounts, noNamespaces, type Way, ways } from './helpers/ways.js';

const newFolder = foldersFor(test);

/** What an attacker would like to be written, mounted on, or read. */
const secret = 'contents of the canary';
const canaryFiles = { file: secret, 'dir/file': secret, 'sub/dir/deep': secret };

/** A directory whose contents an attacker chooses, and one of the host, which it must not reach. */
function newPlace() {
  const [place, canary] = [newFolder({ 'kept/': '' }), newFolder(canaryFiles)];
  const fd = openSync(canary, 'r');
  return { place, canary, fd, before: stateOf(canary) };
}
type Place = ReturnType<typeof newPlace>;

/** What links say, as seen from a directory. */
const links: Readonly<Record<string, (place: Place, from: string) => string>> = {
  absolute: ({ canary }) => canary,
  relative: ({ canary }, from) => relative(from, canary),
  'relative, from above the root': ({ canary }) => `../../../../../../../../../..${canary}`,
  'a descriptor': ({ fd }) => `/proc/self/fd/${fd}`,
  'a descriptor of the first process': ({ fd }) => `/proc/1/fd/${fd}`,
  'what is above': () => '..',
  'far above': ({ canary }, from) => `../${relative(dirname(from), canary)}`,
  'the root of a process': ({ canary }) => `/proc/self/root${canary}`,
  itself: () => 'link',
};

/** Every kind of entry that puts something at a place. */
const entries: Readonly<Record<string, (box: Sandbox, target: string) => Sandbox>> = {
  bind: (box, target) => box.bind('/etc', target),
  'bind of a file': (box, target) => box.bind('/etc/passwd', target),
  tmpfs: (box, target) => box.tmpfs(target),
  proc: (box, target) => box.proc(target),
  dev: (box, target) => box.dev(target),
  dir: (box, target) => box.dir(target, { mode: 0o777 }),
  file: (box, target) => box.file(target, 'written by the attacker', { mode: 0o666 }),
  symlink: (box, target) => box.symlink('anywhere', target),
  mask: (box, target) => box.mask(target),
  readonly: (box, target) => box.readonly(target),
  overlay: (box, target) => box.overlay(target),
  snapshot: (box, target) => box.snapshot(target),
};

/** Where the attacker's directory is in the view. */
const roots: Readonly<Record<string, { box(way: Way, place: string): Sandbox; at(place: string): string }>> = {
  'the tree of the host': { box: (way) => way.box(), at: (place) => place },
  'the tree of the host, read-only': { box: (way) => way.box().hostRoot(), at: (place) => place },
  'a root of its own': { box: (way, place) => way.box().rootfs(place, { readOnly: false }).proc(false), at: () => '' },
  'a root of its own, read-only': { box: (way, place) => way.box().rootfs(place).proc(false), at: () => '' },
  'a bind of it': { box: (way, place) => way.box().emptyRoot().bind(place, '/place').proc(false), at: () => '/place' },
};

const mostLinks = ['absolute', 'relative', 'a descriptor'];
const mostEntries = ['bind', 'file', 'mask', 'overlay'];

/** All links with what this host has; those that differ most with each older kernel. */
const linksFor = (way: Way) => Object.entries(links).filter(([link]) => way === ways[0] || mostLinks.includes(link));

/** All entries for one link; for the others, those that differ most. */
const entriesFor = (way: Way, link: string) =>
  Object.entries(entries).filter(([entry]) => (way === ways[0] && link === 'absolute') || mostEntries.includes(entry));
const few = ways.slice(0, 4);

/** Runs it: it works, or there is an error that says what is wrong. Returns whether it worked. */
async function worksOrSays(way: Way, box: Sandbox): Promise<boolean> {
  const error = await (async () => way.run(box, 'true'))().then(
    () => undefined,
    (error) => error,
  );
  if (error === undefined) return true;
  assert.instance(error, IsolateError, `${error.stack}`);
  // An empty root has no command: it came so far that it was looked for.
  if (error instanceof StepError && error.reason === 'command-not-found') return true;
  assert.match(error.message, /\.[a-zA-Z]+\(|hostRoot|view of files/, 'the entry is named');
  return false;
}

function assertUntouched({ canary, before }: Place, context: string): void {
  assert.equal(stateOf(canary), before, context);
  assert.not.ok(
    hostMounts().some(({ path }) => path.startsWith(canary)),
    context,
  );
}

for (const [root, { box, at }] of Object.entries(roots)) {
  everyWay(
    test,
    `links that are there before, in ${root}`,
    async (way) => {
      for (const [link, say] of linksFor(way)) {
        const place = newPlace();
        try {
          symlinkSync(say(place, place.place), join(place.place, 'link'));
          for (const [entry, put] of entriesFor(way, link)) {
            for (const below of ['', '/file', '/dir', '/sub/dir', '/new', '/new/newer']) {
              // The kinds differ in where they end; one place below is enough for each.
              if (below !== '' && (entry.length + below.length) % 3 !== 0) continue;
              const context = `${entry} on link${below}, which is ${link}`;
              await worksOrSays(way, put(box(way, place.place), `${at(place.place)}/link${below}`));
              assertUntouched(place, context);
            }
          }
          assert.equal(readdirSync(place.place).includes('link'), true);
        } finally {
          closeSync(place.fd);
        }
      }
    },
    undefined,
    (way) => few.includes(way),
  );
}

/** Something that is not a link when it is planned. */
const benign: Readonly<Record<string, (path: string) => void>> = {
  directory: (path) => {
    for (const name of ['dir', 'sub/dir']) mkdirSync(join(path, name), { recursive: true });
    writeFileSync(join(path, 'file'), '');
  },
  file: (path) => writeFileSync(path, ''),
};
const ofFiles = ['bind of a file', 'file'];
const neverMounts = ['symlink'];

for (const [root, { box, at }] of Object.entries(roots)) {
  everyWay(
    test,
    `links that come after all is planned, in ${root}`,
    async (way) => {
      for (const [link, say] of linksFor(way)) {
        const place = newPlace();
        const path = join(place.place, 'link');
        try {
          for (const [entry, put] of entriesFor(way, link)) {
            for (const below of ['', '/file', '/dir', '/sub/dir']) {
              const isFile = ofFiles.includes(entry);
              if (neverMounts.includes(entry) || (below === '/file') !== (isFile && below !== '')) continue;
              benign[below === '' && isFile ? 'file' : 'directory']?.(path);
              const sandbox = put(box(way, place.place), `${at(place.place)}/link${below}`);
              const plan = (() => {
                try {
                  return way.plan(sandbox, '/bin/true');
                } catch (error) {
                  // Directories may be refused by themselves, as those on which an overlay cannot lie.
                  assert.instance(error, IsolateError);
                  return undefined;
                }
              })();
              rmSync(path, { recursive: true });
              symlinkSync(say(place, place.place), path);
              const context = `${entry} on link${below}, which is ${link}`;
              if (plan !== undefined && !(entry === 'dir')) {
                const error = await way.failure(plan, sandbox);
                assert.not.equal(error.reason, 'command-not-found', `${context}: it went on`);
                assert.match(
                  error.code,
                  /ELOOP|ENOTDIR|EINVAL|ENOENT|EAGAIN|ENOTEMPTY|ERR_ISOLATE_RESULT/,
                  `${context}: ${error.message}`,
                );
              }
              assertUntouched(place, context);
              rmSync(path);
            }
          }
        } finally {
          closeSync(place.fd);
        }
      }
    },
    undefined,
    (way) => few.includes(way),
  );
}

/** Directories of a system that may themselves be links in a root that somebody else made. */
const system = ['dev', 'proc', 'etc', 'tmp', 'run', 'home'];

everyWay(test, 'a root whose own directories are links is refused, or stays inside', async (way) => {
  for (const [link, say] of Object.entries(links)) {
    const place = newPlace();
    for (const name of system) symlinkSync(say(place, place.place), join(place.place, name));
    try {
      const { box } = roots['a root of its own, read-only'] as (typeof roots)[string];
      for (const entry of [
        (made: Sandbox) => made,
        (made: Sandbox) => made.proc(false).unshare('ipc').dev(),
        (made: Sandbox) => made.proc(false).file('/etc/hosts', 'written'),
        (made: Sandbox) => made.proc(false).file('/etc/file', 'written'),
        (made: Sandbox) => made.proc(false).tmpfs('/tmp'),
        (made: Sandbox) => made.proc(false).tmpfs('/tmp/dir'),
        (made: Sandbox) => made.proc(false).roBind('/etc', '/etc'),
        (made: Sandbox) => made.proc(false).home(),
        (made: Sandbox) => made.proc(false).mask('/etc/file'),
        (made: Sandbox) => made.proc(false).cwd('/tmp'),
      ]) {
        await worksOrSays(way, entry(box(way, place.place)));
        assertUntouched(place, link);
      }
    } finally {
      closeSync(place.fd);
    }
  }
});

const systemNames = ['bin', 'sbin', 'lib', 'lib64'].filter((name) => existsSync(`/${name}`));

/** A root with programs, and with these files. */
function newRoot(files: Record<string, string>): string {
  const root = newFolder({ 'usr/': '', ...files });
  for (const name of systemNames) mkdirSync(join(root, name));
  return root;
}
const withSystem = (box: Sandbox): Sandbox =>
  systemNames.reduce((made, name) => made.roBind(`/${name}`), box.roBind('/usr'));

everyWay(test, 'in a root of its own, links end in that root', async (way) => {
  const canary = newFolder(canaryFiles);
  const root = newRoot({ 'proc/': '', [`${canary}/file`.slice(1)]: 'of the root', 'x/file': 'of x', 'x/new/old': '' });
  symlinkSync(canary, join(root, 'absolute'));
  symlinkSync('../../../../../../x', join(root, 'relative'));
  const box = withSystem(way.box().rootfs(root)).file('/absolute/file', 'given').tmpfs('/relative/new');
  const shown = await way.shell(box, 'cat "$1/file" /relative/file; echo; ls -A /x/new "$1"', canary);
  assert.is(shown, `givenof x\n${canary}:\nfile\n\n/x/new:`);
});

/** Where names that are there already are put into something new, when a place is made beside them. */
const rooms = {
  'the root': { victim: 'victim', target: '/new' },
  'a directory': { victim: 'sub/victim', target: '/sub/new' },
};
for (const [room, { victim, target }] of Object.entries(rooms)) {
  for (const what of ['directory', 'file'] as const) {
    everyWay(
      test,
      `a ${what} that becomes a link shows nothing of the host where a place is made in ${room} of a root`,
      async (way) => {
        for (const [link, say] of linksFor(way)) {
          const place = newPlace();
          try {
            const isFile = what === 'file';
            const root = newRoot({ 'proc/': '', [isFile ? victim : `${victim}/file`]: 'of the root' });
            const box = withSystem(way.box().rootfs(root)).tmpfs(target);
            const script = 'cat "$1"; echo written > "$1"';
            const plan = way.plan(box, 'sh', '-c', script, 'sh', isFile ? `/${victim}` : `/${victim}/file`);
            const from = dirname(join(root, victim));
            rmSync(join(root, victim), { recursive: true });
            symlinkSync(say(place, from) + (isFile ? '/file' : ''), join(root, victim));
            const printed = await way.carryOut(plan, box).then(
              ({ stdout, stderr }) => stdout + stderr,
              (error) => String(error),
            );
            assertUntouched(place, link);
            assert.not.match(printed, new RegExp(secret), `${link}: the command reads what is on the host`);
          } finally {
            closeSync(place.fd);
          }
        }
      },
      undefined,
      (way) => room === 'the root' || !way.isClassic,
    );
  }
}

/** Swaps a directory and a symbolic link with each other, all the time. */
const swapper = `
  const { renameSync } = require('node:fs');
  const [real, link, at] = process.argv.slice(1);
  console.log('ready');
  for (;;) {
    renameSync(real, at); renameSync(at, real); renameSync(link, at); renameSync(at, link);
  }
`;

/** rename(2) over each other needs two of the same kind: so `at` is one, then nothing, then the other. */
async function whileSwapping(place: Place, say: string, run: (at: string) => Promise<void>): Promise<void> {
  const [real, link, at] = ['real', 'other', 'swapped'].map((name) => join(place.place, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(join(real, 'dir'), { recursive: true });
  writeFileSync(join(real, 'file'), '');
  symlinkSync(say, link);
  const child = spawn(process.execPath, ['--eval', swapper, real, link, at], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    await run(at);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
}

const launches = 200;

for (const way of ways.slice(0, 3)) {
  skipUnless(
    test,
    noNamespaces,
    `a link that comes and goes while ${launches} commands start (${way.name})`,
    async () => {
      const place = newPlace();
      const outcomes = { worked: 0, refused: 0 };
      try {
        await whileSwapping(place, place.canary, async (at) => {
          const targets = [`${at}/dir`, `${at}/file`, at];
          const boxes = [
            way.box().bind('/etc', targets[0]),
            way.box().file(targets[1] as string, 'written by the attacker'),
            way.box().tmpfs(targets[2] as string),
            way
              .box()
              .hostRoot()
              .mask(targets[0] as string),
          ];
          const lane = async (start: number): Promise<void> => {
            for (let i = start; i < launches; i += 4) {
              const works = await worksOrSays(way, boxes[((i / 4) % 4) | 0] as Sandbox);
              outcomes[works ? 'worked' : 'refused']++;
            }
          };
          await Promise.all([0, 1, 2, 3].map(lane));
        });
      } finally {
        closeSync(place.fd);
      }
      assertUntouched(place, 'after the race');
      console.log(`${outcomes.worked} worked, ${outcomes.refused} were refused`);
      assert.ok(outcomes.refused > 0, 'it never met a link');
    },
  );
}

skipUnless(test, noNamespaces, 'the check of the canary can fail', () => {
  const place = newPlace();
  closeSync(place.fd);
  renameSync(join(place.canary, 'file'), join(place.canary, 'other'));
  let found: unknown;
  try {
    assertUntouched(place, '');
  } catch (error) {
    found = error;
  }
  assert.ok(found);
});

test.run();
