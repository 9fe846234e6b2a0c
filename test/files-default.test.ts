// What the safe default lets a command do to the files of the host: nothing. And what it lets it do: its work.
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isolate, type Sandbox } from '../src/index.js';
import { commandMissing, either, skipUnless } from './helpers/can.js';
import { stateOf } from './helpers/folder.js';
import { output, script, shell } from './helpers/inside.js';
import { hostMounts, noNamespaces, readMounts } from './helpers/ways.js';

// The working directory would be shown, wherever it is.
process.chdir('/');

const user = process.geteuid?.() ?? 0;
/** Not below /tmp, where it would be hidden with that. */
const home = mkdtempSync('/var/tmp/isolate-home-');
writeFileSync(join(home, 'canary'), 'of the home');
process.env.HOME = home;
test.after(() => rmSync(home, { recursive: true, force: true }));
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What stands on the host where the command has something of its own. */
const canary = mkdtempSync('/tmp/isolate-canary-');
writeFileSync(join(canary, 'secret'), 'secret');
test.after(() => rmSync(canary, { recursive: true, force: true }));

const box: Sandbox = isolate().cwd('/').env({ LC_ALL: 'C', PATH: path });
/** Where the user database says that the caller is at home, if that is there. */
const otherHomes = [userInfo().homedir].filter((one) => one !== home && one !== '/' && existsSync(one));
const own = ['/tmp', '/run', home, ...otherHomes, '/dev/shm', '/dev/mqueue'];

const inOwn = (one: string) => own.some((place) => one === place || one.startsWith(`${place}/`));

skipUnless(test, noNamespaces, 'no directory can be written but in its own file systems', async () => {
  const skipped = [...own, '/dev/pts', '/proc/[0-9]*', '/proc/self', '/proc/thread-self'].flatMap((place) => [
    '-path',
    place,
    '-prune',
    '-o',
  ]);
  const { stdout } = await box.run('timeout', ['20', 'find', '/', ...skipped, '-type', 'd', '-writable', '-print']);
  assert.is(stdout, '');
  const shown = await shell(box, `for place in ${own.join(' ')}; do true > $place/new && echo $place; done`);
  assert.equal(shown.split('\n'), own);
});

/** Tries, by all means, to make something at each mount and in places that everybody knows. */
const makesThings = `
  const fs = require('node:fs');
  const made = [];
  const mounts = fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\\n').filter(Boolean).map((line) => line.split(' ')[4]);
  const known = ['/', '/bin', '/boot', '/dev', '/dev/pts', '/etc', '/etc/cron.d', '/home', '/lib', '/mnt', '/opt', '/proc', '/proc/sys', '/proc/fs', '/proc/bus',
    '/root', '/sbin', '/srv', '/sys', '/sys/fs/cgroup', '/sys/kernel', '/usr', '/usr/bin', '/usr/local/bin', '/var', '/var/tmp', '/var/lib', '/var/run', '/var/lock'];
  for (const place of new Set([...mounts, ...known])) {
    const at = place + '/isolate-made';
    const means = {
      file: () => fs.writeFileSync(at, ''),
      directory: () => fs.mkdirSync(at),
      link: () => fs.symlinkSync('x', at),
      socket: () => fs.linkSync('/etc/passwd', at),
      mode: () => fs.chmodSync(place, 0o777),
      times: () => fs.utimesSync(place, 0, 0),
    };
    for (const [name, make] of Object.entries(means)) try { make(); made.push(name + ' ' + place); } catch {}
  }
  console.log(JSON.stringify(made));
`;

skipUnless(
  test,
  noNamespaces,
  'nothing can be made or changed at any mount, or where everybody would try',
  async () => {
    const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `/dev/${name}`);
    const before = devices.map((device) => statSync(device).mode);
    const made = JSON.parse(await script(box, makesThings)) as string[];
    assert.equal(
      devices.map((device) => statSync(device).mode),
      before,
    );
    const elsewhere = made.filter((one) => {
      const place = one.replace(/^\w+ /, '');
      return !inOwn(place) && !['/var/run', '/var/lock'].includes(place);
    });
    // What belongs to the command alone.
    assert.equal(
      elsewhere.filter((one) => !/^(mode|times) \/(proc|dev\/pts)$/.test(one)),
      [],
    );
    for (const place of own) assert.ok(made.includes(`file ${place}`), place);
  },
);

skipUnless(test, noNamespaces, 'no setting of the kernel can be written', async () => {
  const found = await shell(
    box,
    'find /proc/sys /proc/sysrq-trigger /proc/irq /proc/bus /proc/fs /sys -type f -writable -print 2>/dev/null | head; true',
  );
  assert.is(found, '');
  const opens = `
    const fs = require('node:fs');
    const names = ['/proc/sys/kernel/core_pattern', '/proc/sys/kernel/hostname', '/proc/sys/vm/drop_caches', '/proc/sysrq-trigger', '/proc/sys/kernel/ns_last_pid',
      '/sys/kernel/uevent_helper', '/proc/mtrr', '/proc/kcore', '/proc/kmsg', '/proc/keys', '/proc/timer_list', '/dev/mem', '/dev/kmsg'];
    console.log(names.filter((name) => { try { fs.closeSync(fs.openSync(name, fs.constants.O_WRONLY)); return true; } catch { return false; } }).join());
  `;
  assert.is(await script(box, opens), '');
  assert.is(await shell(box, 'cat /proc/keys /proc/timer_list /proc/kcore 2>/dev/null | wc -c'), '0');
});

skipUnless(
  test,
  noNamespaces,
  'every mount but its own is read-only, and gives no devices and no privileges',
  async () => {
    const mounts = readMounts(await output(box, 'cat', '/proc/self/mountinfo'));
    const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `/dev/${name}`);
    for (const { path, options } of mounts) {
      if (devices.includes(path)) continue;
      const isDev = path === '/dev' || path === '/dev/pts';
      const shown = `${path} is ${options}`;
      assert.ok(options.includes('nosuid'), shown);
      assert.ok(isDev || options.includes('nodev'), shown);
      assert.ok(options.includes('ro') || inOwn(path) || path === '/proc' || path === '/dev/pts', shown);
    }
    for (const place of own)
      assert.ok(
        mounts.some((mount) => mount.path === place),
        place,
      );
  },
);

const noUmount = commandMissing('umount');

skipUnless(test, either(noNamespaces, noUmount), 'no mount can be taken away, moved or changed', async () => {
  const attempts = `
    const { spawnSync } = require('node:child_process');
    const places = new Set(require('node:fs').readFileSync('/proc/self/mountinfo', 'utf8').split('\\n').filter(Boolean).map((line) => line.split(' ')[4]));
    const lines = [...places].map((place) => 'umount -l ' + place + ' && echo took ' + place);
    lines.push('mount -o remount,bind,rw / && echo changed', 'mount --move /tmp /mnt && echo moved', 'mount --bind / /mnt && echo bound',
      'mount -t tmpfs none /mnt && echo mounted', 'pivot_root /tmp /tmp && echo pivoted', 'chroot / true && echo chrooted');
    console.log(spawnSync('sh', ['-c', lines.join('\\n') + '\\ntrue'], { encoding: 'utf8' }).stdout);
  `;
  assert.is((await script(box, attempts)).trim(), '');
});

/** What there is to see from a place that might be the host's. */
const sees = `ls -A / | tr '\\n' ' '`;

skipUnless(test, noNamespaces, 'every way to a root leads to its own', async () => {
  // Init, which could be looked into here, is that of the sandbox: it cannot be looked into at all.
  assert.match(
    await shell(box, 'ls /proc/1/root/ /proc/1/cwd/ 2>&1 || true'),
    /root.*Permission denied[\s\S]*cwd.*Permission denied/,
  );
  const own = box.asPid1();
  const root = await shell(own, sees);
  for (const place of ['/..', '/proc/1/root/', '/proc/self/root/../..', '/proc/1/cwd/', '/proc/thread-self/root/']) {
    assert.is(await shell(own, sees.replace('/', place)), root, place);
    assert.is(await shell(own, `cd ${place}; ls -d tmp/${basename(canary)} 2>&1 | grep -c cannot`), '1', place);
  }
});

skipUnless(test, noNamespaces, 'nothing of /tmp, the home and /run of the host is seen', async () => {
  const places = ['/tmp', home, ...otherHomes];
  assert.is(await shell(box, `for place in ${places.join(' ')}; do ls -A $place; done`), '');
  assert.is(await shell(box, `find / -xdev -maxdepth 3 -name ${basename(canary)} 2>/dev/null; true`), '');
  const socket = existsSync('/run') && user === 0 ? `/run/isolate-test-${process.pid}.sock` : join(canary, 'socket');
  const server = createServer().listen(socket);
  try {
    assert.ok(existsSync(socket));
    assert.is(await shell(box, `ls ${socket} 2>/dev/null; find /run /tmp -type s; true`), '');
    const allowed = /^\/run(\/(systemd(\/resolve(\/(stub-)?resolv\.conf)?)?|resolvconf(\/resolv\.conf)?))?$/;
    for (const one of (await shell(box, 'find /run')).split('\n')) assert.match(one, allowed);
  } finally {
    server.close();
  }
});

/** Reveals what is below, if anything does, from a user namespace within: there the command has every capability. */
const reveals = `
  id -u > /dev/null
  for place in $(cut -d' ' -f5 /proc/self/mountinfo | sort -u) / /tmp "$HOME"; do umount -l $place && echo took $place; umount $place && echo took $place; done
  mkdir -p /tmp/at
  mount --bind / /tmp/at && echo bound && cat /tmp/at/$1/secret
  mount --rbind / /tmp/at && umount -l /tmp/at/tmp && cat /tmp/at/$1/secret
  mount -o remount,bind,rw / && echo changed /
  mount -o remount,bind,rw /proc/sys && echo changed /proc/sys
  mount -t proc proc /tmp/at && echo 'a proc' && cat /tmp/at/keys
  mount -t sysfs sysfs /tmp/at && touch /tmp/at/kernel/profiling && echo 'a sysfs'
  mount -t tmpfs none /tmp/at && cd /tmp/at && mkdir old && pivot_root . old && umount -l old/tmp && cat old/$1/secret
  cat $1/secret "$2/canary"
`;

skipUnless(
  test,
  either(noNamespaces, commandMissing('unshare')),
  'a user namespace within reveals nothing',
  async () => {
    const home2 = JSON.stringify(home);
    const variants = [
      ['--map-root-user', '--user', '--mount'],
      ['--user', '--mount', '--keep-caps'],
      ['--user', '--mount', '--keep-caps', '--pid', '--fork'],
    ];
    let entered = 0;
    for (const variant of variants) {
      const { stdout, stderr } = await box.run('unshare', [
        ...variant,
        'sh',
        '-c',
        `echo entered\n${reveals}`,
        'sh',
        canary,
        home,
      ]);
      if (!stdout.startsWith('entered')) continue;
      entered++;
      const lines = stdout.split('\n').slice(1).filter(Boolean);
      // A copy of the tree, and mounts over it, are its own affair: what counts is what they show.
      const revealed = lines.filter((line) => !['a proc'].includes(line));
      assert.not.match(stdout, /secret|of the home/, `${variant}: ${stdout}`);
      assert.equal(
        revealed.filter((line) => /^(took|changed|bound|a sysfs)/.test(line)),
        [],
        `${variant}, ${home2}: ${stderr}`,
      );
    }
    assert.ok(entered > 0, 'no user namespace could be made within');
  },
);

skipUnless(test, noNamespaces, 'no open directory of the caller comes along', async () => {
  const fds = [openSync('/', 'r'), openSync(canary, 'r'), openSync(join(canary, 'secret'), 'r')];
  try {
    const links = await shell(box, 'for fd in /proc/self/fd/*; do readlink $fd; done; ls /proc/self/fd | wc -l');
    assert.not.match(links, /canary|^\/$/m);
    const count = await script(
      box.asPid1(),
      "console.log(require('node:fs').readdirSync('/proc/1/fd').filter((fd) => { try { return require('node:fs').readlinkSync('/proc/1/fd/' + fd).startsWith('/') && !require('node:fs').readlinkSync('/proc/1/fd/' + fd).startsWith('/dev/') && !require('node:fs').readlinkSync('/proc/1/fd/' + fd).startsWith('/proc/'); } catch { return false; } }).length)",
    );
    assert.is(count, '0');
  } finally {
    fds.forEach(closeSync);
  }
});

// It does its work.

/** A program where the system has it: what is below the home of the caller is hidden. */
const missing = (...names: string[]) =>
  names.map((name) => (existsSync(`/usr/bin/${name}`) ? undefined : `/usr/bin/${name} is not installed`)).find(Boolean);
const works = (name: string, reason: string | undefined, run: () => Promise<void>) =>
  skipUnless(test, either(noNamespaces, reason), name, run);

works('it runs a shell', undefined, async () => {
  assert.is(
    await shell(box, 'for i in 1 2 3; do echo $((i * i)); done | tail -1; echo x > /tmp/a; cat < /tmp/a'),
    '9\nx',
  );
});

works('it runs Python', missing('python3'), async () => {
  const code =
    'import tempfile, subprocess, socket, multiprocessing as m; t = tempfile.NamedTemporaryFile(); m.Lock(); print(t.name[:5], subprocess.check_output(["echo", "x"]))';
  assert.is(await output(box, '/usr/bin/python3', '-c', code), "/tmp/ b'x\\n'");
});

works('it runs Node', undefined, async () => {
  const code =
    "const fs = require('node:fs'); fs.writeFileSync('/tmp/x', 'y'); console.log(fs.readFileSync('/tmp/x', 'utf8'), require('node:os').tmpdir())";
  assert.is(await script(box, code), 'y /tmp');
});

works('it runs git', missing('git'), async () => {
  const git =
    'cd /tmp; git init -q one; cd one; echo text > file; git add file; git -c user.name=a -c user.email=a@b commit -qm first; git clone -q /tmp/one /tmp/two; cat /tmp/two/file; git -C /tmp/two log --format=%s';
  assert.is(await shell(box, git), 'text\nfirst');
});

works('it compiles a program, and runs it', missing('gcc'), async () => {
  const build =
    'cd /tmp; echo \'#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\' > a.c; gcc -o a a.c && ./a';
  assert.is(await shell(box, build), 'hello');
});

/** Whether it can be done outside: there may be no list of packages. */
function aptRefused(): string | undefined {
  try {
    execFileSync('apt-get', ['-s', '-qq', 'install', 'hello'], { stdio: 'pipe', env: { ...process.env, PATH: path } });
    return undefined;
  } catch (error) {
    return `apt-get -s install hello fails outside too: ${String((error as Error).message).split('\n')[1] ?? error}`;
  }
}

works('it simulates the installation of a package', missing('apt-get') ?? aptRefused(), async () => {
  assert.match(await shell(box, 'apt-get -s install hello 2>&1'), /^Inst hello|already the newest/m);
});

skipUnless(test, noNamespaces, 'after all that, the host is as it was', async () => {
  assert.equal(readdirSync(home), ['canary']);
  assert.ok(stateOf(canary).length === 2);
  assert.not.ok(hostMounts().some((mount) => mount.path.startsWith(home)));
});

test.run();
