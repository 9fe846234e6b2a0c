// A command in the safe default cannot take away the limits that it has been given, whatever it makes inside.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupHierarchies } from '../src/cgroup/index.js';
import { bare, isolate, type Sandbox } from '../src/index.js';
import {
  commandMissing,
  either,
  freshProcRefused,
  rootOnly,
  skipUnless,
  userNamespacesRefused,
} from './helpers/can.js';
import { noOwnGroups, ownGroups } from './helpers/own-groups.js';
import { programOf, quoted, repository } from './helpers/program.js';

const refused = either(userNamespacesRefused(), freshProcRefused(), noOwnGroups, commandMissing('unshare'));

test.after.each(() => {
  assert.equal(ownGroups(), [], 'a group is left');
});

const most = 64 * 2 ** 20;
const limited = isolate().limits({ memory: most, pids: 32 }).env({ LC_ALL: 'C' });

/** All that can be mounted of control groups is, and every limit on memory that is found is to be none. */
const takeAway = `
  at=$(mktemp -d)
  mkdir -p $at/2 $at/1
  mount -t cgroup2 none $at/2 && echo mounted
  mount -t cgroup -o memory none $at/1 && echo mounted
  for file in $(find $at /sys/fs/cgroup -name memory.max -o -name memory.limit_in_bytes 2>/dev/null); do
    echo -1 2>/dev/null > $file && echo changed || { echo max 2>/dev/null > $file && echo changed; }
  done
  echo done
`;

/** What a command prints, and the limit that there is when it has done so. */
async function printed(sandbox: Sandbox, command: readonly string[]): Promise<{ text: string; limit: unknown }> {
  const running = await sandbox.spawn('sh', ['-c', '"$@" 2>&1; echo END; read held', 'sh', ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of running.stdout ?? []) {
    text += chunk;
    if (text.endsWith('END\n')) break;
  }
  let limit: unknown;
  for await (const { memory } of running.stats()) {
    limit = memory?.limit;
    break;
  }
  running.stdin?.end('\n');
  await running.exited;
  return { text, limit };
}

/** Is born into each group of v2 that can be opened, and into each that can be made: tells which those are. */
const beBornElsewhere = `
  my @places = ('/sys/fs/cgroup', '/sys/fs/cgroup/unified');
  open(my $mounts, '<', '/proc/self/mountinfo');
  while (<$mounts>) { push @places, (split)[4] if / - cgroup2 / }
  for my $place (@places) {
    mkdir "$place/isolate-test-$$";
    for my $group ($place, "$place/isolate-test-$$") {
      sysopen(my $directory, $group, 0) or next;
      my $pid = syscall(435, pack('Q11', 0x200000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, fileno($directory)), 88);
      if ($pid == 0) { print "born in $group: ", \`cat /proc/self/cgroup\` =~ /^(0::.*)/m, "\n"; exit }
      wait;
    }
    rmdir "$place/isolate-test-$$";
  }
`;

const otherNumbers = process.arch === 'x64' ? undefined : 'the numbers of system calls here are those of x86-64';
const refusedBirth = either(refused, commandMissing('perl'), otherNumbers);
const born = async (sandbox: Sandbox) => {
  const { stdout, stderr } = await sandbox.run('perl', ['-e', beBornElsewhere]);
  assert.is(stderr, '');
  return stdout;
};

for (const [name, sandbox] of [
  ['the safe default', limited],
  ['the files of the kernel bound once more', limited.roBind('/sys', '/mnt')],
  [
    'a root of its own',
    limited.emptyRoot().roBind('/usr').roBind('/lib').roBind('/lib64').roBind('/bin').roBind('/sys'),
  ],
] as const) {
  skipUnless(test, refusedBirth, `nobody is born past the limits: ${name}`, async () =>
    assert.is(await born(sandbox), ''),
  );
}

const isDelegating = / - cgroup2 .*\bnsdelegate\b/m.test(readFileSync('/proc/self/mountinfo', 'utf8'));
const noneOfV2 = cgroupHierarchies().some(({ version, mountPoint }) => version === 2 && mountPoint !== undefined)
  ? undefined
  : 'there is no cgroup v2';
const delegates = isDelegating ? 'the control groups of this host are mounted with nsdelegate' : undefined;
skipUnless(
  test,
  either(refusedBirth, rootOnly(), noneOfV2, delegates),
  'that is by what guards the files of the kernel',
  async () => {
    const unguarded = bare().unshare('user', 'mount', 'pid', 'cgroup').limits({ pids: 32 });
    assert.match(await born(unguarded), /^born in \/sys\/fs\/cgroup/);
  },
);

/** Makes a network of its own, where it may, and takes 40 MB four times for packets that nobody sends. */
const packetRings = `
  syscall(272, 0x50000000) == 0 or do { print "no network: $!\\n"; exit };
  my @rings;
  for (1 .. 4) {
    my $fd = syscall(41, 17, 3, 0);
    die "socket: $!" if $fd < 0;
    my $request = pack('L4', 4096 * 16, 640, 4096 * 16, 640);
    die "ring: $!" if syscall(54, $fd, 263, 5, $request, 16) != 0;
    push @rings, $fd;
  }
  print "taken\\n";
`;

skipUnless(test, refusedBirth, 'no memory is had for packets past the limit', async () => {
  const { stdout, exit } = await limited.run('perl', ['-e', packetRings]);
  assert.match(stdout, /^no network: No space/);
  assert.is(exit.kind, 'exited');
  const unlimited = await isolate().run('perl', ['-e', packetRings]);
  assert.is(unlimited.stdout, 'taken\n', unlimited.stderr);
});

for (const [name, how] of [
  ['as it is', []],
  ['in namespaces of its own', ['unshare', '--user', '--keep-caps', '--mount']],
] as const) {
  skipUnless(test, refused, `a command finds no control groups that it can change: ${name}`, async () => {
    const { text, limit } = await printed(limited, [...how, 'sh', '-c', takeAway]);
    assert.match(text, /^done$/m);
    assert.not.match(text, /^(mounted|changed)$/m);
    assert.is(limit, most);
  });
}

skipUnless(test, refused, 'it can make no cgroup namespace, by way of which it could mount them', async () => {
  const unshare = ['unshare', '--user', '--keep-caps', '--mount', '--cgroup', 'sh', '-c', takeAway];
  for (const sandbox of [limited, limited.share('cgroup')]) {
    const { text, limit } = await printed(sandbox, unshare);
    assert.match(text, /unshare failed: No space left on device/);
    assert.is(limit, most);
  }
  const box = await limited.open();
  try {
    const { stderr } = await box.run(unshare[0] as string, unshare.slice(1));
    assert.match(stderr, /No space left on device/, 'in a box neither');
  } finally {
    await box.close();
  }
});

skipUnless(test, refused, 'it cannot allow itself more of them, and this program can make them as before', async () => {
  const raise = 'echo 10 > /proc/sys/user/max_cgroup_namespaces';
  const script = `${raise}; unshare --user --keep-caps --mount sh -c "mount -o remount,rw,bind /proc/sys; ${raise}; unshare --cgroup true"`;
  const { text } = await printed(limited, ['sh', '-c', script]);
  assert.match(text, /No space left on device/);
  assert.is((await bare().unshare('user', 'cgroup').run('true')).exit.kind, 'exited');
});

/** What a program is told when it runs `true` in a sandbox, which is JavaScript. */
const telling = (sandbox: string) =>
  programOf(`
    const told = await ${sandbox}.run('true').then(() => 'nothing', ({ syscall, code, help }) => [syscall, code, help].join(' '));
    console.log(told);
  `);

skipUnless(test, refused, 'a sandbox in the sandbox that would have one is told so, and does without', async () => {
  const inside = limited.cwd(repository).limits({ pids: 64 }).capabilities(['SETFCAP']);
  const seen = async (sandbox: string) => {
    const { stdout, stderr } = await inside.run(...telling(sandbox));
    return stdout + stderr;
  };
  const first = await seen("bare().unshare('user', 'cgroup')");
  assert.match(first, /^clone3 ENOSPC .*\.share\('cgroup', 'net'\)/);
  assert.match(await seen("bare().unshare('user', 'net')"), /^clone3 ENOSPC/);
  assert.is(await seen("isolate().proc(false).share('cgroup', 'net')"), 'nothing\n');
});

skipUnless(
  test,
  either(refused, rootOnly()),
  'where nothing would keep a command from its limits it is not run',
  () => {
    const script = `mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys; exec ${quoted(telling('isolate().limits({ pids: 8 })'))}`;
    const { stdout } = spawnSync('unshare', ['--mount', 'sh', '-c', script], { encoding: 'utf8', cwd: repository });
    assert.match(stdout, /^openat EROFS \/proc\/sys is read-only here/);
  },
);

test.run();
