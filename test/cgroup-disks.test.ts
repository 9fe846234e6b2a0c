// Limits on disks: each disk has one name, and what the kernel cannot count or do is refused.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readDevice } from '../src/cgroup/controllers/device.js';
import { type CgroupPart, type CgroupVersion, cgroupAccess, type IoDeviceLimits } from '../src/cgroup/index.js';
import { emit } from '../src/cgroup/limits.js';
import { partOf } from '../src/cgroup/part.js';
import { placeValues, writeValues } from '../src/cgroup/write.js';
import { bare } from '../src/index.js';
import { either, skipUnless } from './helpers/can.js';
import { runEach } from './helpers/command-lines.js';
import { layouts, noController, noGroups, refusalOf, withGroup } from './helpers/groups.js';

const [{ options } = { options: {} }] = layouts();
const folder = mkdtempSync(join(tmpdir(), 'isolate-disks-'));
test.after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'file');
writeFileSync(file, 'on it');

/** A disk, as `8:0`; what limits on it become needs no right to it. */
const [some = '', ...others] = existsSync('/sys/dev/block') ? readdirSync('/sys/dev/block') : [];
const noBlock = some === '' ? 'there is no disk' : undefined;
const partition = [some, ...others].find((numbers) => existsSync(`/sys/dev/block/${numbers}/partition`));
const own = readDevice(folder);
const noDisk = 'problem' in own ? own.problem : undefined;

function emitted(devices: Record<string, object>, version: CgroupVersion): string[] {
  const { values, refusals } = emit({ io: { devices, directOnly: true } }, 'io', version);
  return [
    ...values.map(({ file, value }) => `${file} = ${value}`),
    ...refusals.map(({ field, problem }) => `${field}: ${problem}`),
  ];
}

const noUnified = either(
  noGroups,
  cgroupAccess().bases.some(({ version }) => version === 2) ? undefined : 'there is no cgroup v2',
);

const both: readonly CgroupVersion[] = [2, 1];

skipUnless(test, noBlock, 'requests are counted to 2^32-1', () => {
  for (const name of ['reads', 'writes'] as const) {
    for (const version of both) {
      for (const [wrong, says] of [
        [2 ** 32, /4294967296 is more than 2\^32-1 in a second/],
        ['8G', /"8G" is more than 2\^32-1/],
        ['10MB', /"10MB" is not a number of requests/],
        ['10MiB/s', /not a number of requests/],
        [0, /cannot stop it altogether/],
        [Number.NaN, /NaN is not a rate/],
      ] as const) {
        assert.match(emitted({ [some]: { [name]: wrong } }, version).join('\n'), says);
      }
      assert.match(emitted({ [some]: { [name]: 2 ** 32 - 1 } }, version).join('\n'), / = .*4294967295$/);
      assert.match(emitted({ [some]: { [name]: '1K/s' } }, version).join('\n'), / = .*1024$/);
    }
  }
  const [bytes] = emitted({ [some]: { readBytes: '8GB/s' } }, 1);
  assert.is(bytes, `blkio.throttle.read_bps_device = ${some} 8589934592`);
  assert.is(emitted({ [some]: { readBytes: '1.5MiB/s' } }, 2)[0], `io.max = ${some} rbps=1572864`);
});

skipUnless(test, noBlock, 'a latency of 0 is not to be had, and max is no limit', () => {
  assert.match(emitted({ [some]: { latency: 0 } }, 2).join('\n'), /latency: no request takes no time at all$/);
  assert.match(emitted({ [some]: { latency: '0ms' } }, 2).join('\n'), /no time at all$/);
  assert.equal(emitted({ [some]: { latency: 'max' } }, 2), [`io.latency = ${some} target=0`]);
  assert.equal(emitted({ [some]: { latency: '10ms' } }, 2), [`io.latency = ${some} target=10000`]);
});

skipUnless(test, either(noBlock, noDisk), 'two names of one disk are refused, with both of them', () => {
  const numbers = 'value' in own ? own.value : '';
  for (const version of both) {
    const problems = emitted({ [numbers]: { readBytes: '1M/s' }, [folder]: { readBytes: '5M/s' } }, version);
    assert.is(problems[1], `io.devices["${folder}"]: it is on the same disk as ${numbers}, ${numbers}`);
  }
  const limited = bare().limits({ io: { [folder]: { reads: 5 } } });
  const twice = limited.limits({ io: { [file]: { writes: 5 } } });
  assert.equal(emit(twice.spec.limits ?? {}, 'io', 2).refusals.length, 1);
});

skipUnless(
  test,
  partition === undefined ? 'no disk has a partition' : undefined,
  'a partition and its disk are one',
  () => {
    const disk = readDevice(partition as string);
    assert.ok('value' in disk);
    const [, problem] = emitted({ [disk.value]: { reads: 1 }, [partition as string]: { reads: 2 } }, 2);
    assert.match(problem ?? '', /on the same disk/);
  },
);

skipUnless(test, noDisk, 'any path is a name of a disk, a relative one too', () => {
  const path = `./${relative(process.cwd(), file)}`;
  const { limits } = bare().limits({ io: { [path]: { reads: 5 } } }).spec;
  assert.equal(limits, { io: { devices: { [path]: { reads: 5 } } } });
  assert.equal(emit(limits ?? {}, 'io', 2).refusals, []);
  assert.throws(() => bare().limits({ io: { file: { reads: 5 } } as never }), /there is no "file"/);
});

test('--io: limits of a disk add up, and each is given once', () => {
  const commandLine = (...io: string[]) => [
    'explain',
    '--json',
    '--bare',
    ...io.flatMap((text) => ['--io', text]),
    '--',
    'true',
  ];
  const [twice, same, list, equals, relative] = runEach([
    commandLine('/no/such:read=1M', '/no/such:write=2M', '/no/such:read=3M'),
    commandLine('/no/such:reads=1,reads=2'),
    commandLine('/no/such:reads=1,writes'),
    commandLine('/no/such:read=1M=5'),
    commandLine('./no-such-file:read=1M'),
  ]);
  assert.match(twice?.stderr ?? '', /--io: read of \/no\/such is given twice/);
  assert.match(same?.stderr ?? '', /--io: reads of \/no\/such is given twice/);
  assert.match(list?.stderr ?? '', /is not DISK:WHAT=RATE/);
  assert.match(equals?.stderr ?? '', /"\/no\/such:read=1M=5" is not DISK:WHAT=RATE/);
  assert.not.match(relative?.stderr ?? '', /there are weight/);
  for (const ended of [twice, same, list, equals, relative]) assert.is(ended?.status, 125);
});

const noLimits = either(
  noController('io'),
  noDisk,
  await refusalOf({ limits: { io: { devices: { [folder]: { reads: 1000 } } } } }),
);

skipUnless(test, noLimits, '--io twice for a disk: what is written has both', () => {
  const io = ['--io', `${folder}:read=1M`, '--io', `${folder}:reads=77`];
  const [ended] = runEach([['explain', '--json', '--bare', ...io, '--', 'true']]);
  assert.is(ended?.status, 0, ended?.stderr);
  assert.match(ended?.stdout ?? '', /1048576.*77/s);
});

const ioVersion = cgroupAccess().bases.find(({ controllers }) =>
  controllers.some((name) => /^(io|blkio)$/.test(name)),
)?.version;

skipUnless(test, noLimits, '--io: rates of writing are had in v2, and refused in v1, which does not keep them', () => {
  const commandLine = (what: string) => ['run', '--bare', '--io', `${folder}:${what}`, '--', 'true'];
  const ends = runEach(['write=1M', 'writes=100', 'write=max'].map(commandLine));
  if (ioVersion === 2)
    return assert.equal(
      ends.map(({ status }) => status),
      [0, 0, 0],
    );
  assert.equal(
    ends.map(({ status }) => status),
    [125, 125, 0],
  );
  for (const { stderr } of ends.slice(0, 2)) assert.match(stderr, /cgroup v1, .* by way of the page cache/);
});

skipUnless(test, noBlock, 'directOnly is true or false, beside the disks', () => {
  for (const wrong of [1, 'yes', null]) {
    const { refusals } = emit({ io: { directOnly: wrong as never } }, 'io', 1);
    assert.match(refusals[0]?.problem ?? '', /neither true nor false/);
  }
  const writing = { [some]: { writeBytes: '1M' } };
  const problems = (directOnly: boolean | undefined, version: CgroupVersion) =>
    emit({ io: { devices: writing, ...(directOnly === undefined ? {} : { directOnly }) } }, 'io', version).refusals
      .length;
  assert.equal(
    [undefined, false, true].map((given) => problems(given, 1)),
    [1, 1, 0],
  );
  assert.equal(
    [undefined, false, true].map((given) => problems(given, 2)),
    [0, 0, 0],
  );
});

skipUnless(test, noLimits, 'what is limited is what the kernel has', async () => {
  const limits: IoDeviceLimits = { readBytes: '1.5MB/s', writes: 2 ** 32 - 2 };
  await withGroup(
    { ...options, limits: { io: { devices: { [file]: limits }, directOnly: true } } },
    async ({ parts }) => {
      const part = partOf(parts, 'io');
      const names =
        part?.version === 2 ? ['io.max'] : ['blkio.throttle.read_bps_device', 'blkio.throttle.write_iops_device'];
      const text = names.map((name) => readFileSync(`${part?.directory}/${name}`, 'utf8')).join('');
      assert.match(text, /\b1572864\b/);
      assert.match(text, /\b4294967294\b/);
    },
  );
});

/** The files that are there, of those that a share of disks is written to. */
function weightsIn(...files: string[]): { readonly parts: readonly CgroupPart[]; read(): string[] } {
  const directory = mkdtempSync(join(folder, 'weights-'));
  for (const name of files) writeFileSync(join(directory, name), 'default 100\n');
  return {
    parts: [{ version: 2, controllers: ['io'], directory }],
    read: () => files.map((name) => `${name} ${readFileSync(join(directory, name), 'utf8').trim()}`),
  };
}

test('a share is told to io.cost and to BFQ, as far as both are there', async () => {
  const { values } = emit({ io: { weight: 2000 } }, 'io', 2);
  for (const [files, written] of [
    [['io.weight'], ['io.weight default 2000']],
    [['io.bfq.weight'], ['io.bfq.weight default 1000']],
    [
      ['io.weight', 'io.bfq.weight'],
      ['io.weight default 2000', 'io.bfq.weight default 1000'],
    ],
  ] as const) {
    for (const isNew of [true, false]) {
      const { parts, read } = weightsIn(...files);
      await writeValues(placeValues(parts, values), isNew);
      assert.equal(
        read().map((line) => line.replace(/(\d+)\n.*/, '$1')),
        written,
      );
    }
  }
  const { parts } = weightsIn();
  assert.throws(() => placeValues(parts, values), /io\.weight: this kernel has no shares of disks/);
});

skipUnless(test, noUnified, 'who does not do it may refuse it, where another takes it', () =>
  withGroup(options, async ({ paths: [path] }) => {
    // No process may be in a group beside a threaded one: EOPNOTSUPP.
    for (const name of ['threads', 'invalid']) mkdirSync(`${path}/${name}`);
    writeFileSync(`${path}/threads/cgroup.type`, 'threaded');
    const refusing = { path: `${path}/invalid/cgroup.procs`, value: '0' };
    const missing = { path: `${path}/none`, value: '0' };
    for (const [others, code] of [
      [[refusing], undefined],
      [[missing], 'ENOENT'],
      [[refusing, missing], 'ENOENT'],
    ] as const) {
      const { parts, read } = weightsIn('io.weight');
      const [value] = placeValues(parts, emit({ io: { weight: 50 } }, 'io', 2).values);
      assert.ok(value !== undefined);
      const placed = { ...value, targets: [...value.targets, ...others] };
      const error = await writeValues([placed], false).catch((reason) => reason);
      assert.is(error?.code, code, String(error));
      assert.match(read()[0] ?? '', code === undefined ? /default 50/ : /default 100/);
      const only = await writeValues([{ ...value, targets: others }], false).catch((reason) => reason);
      assert.is(only.code, others[0] === refusing ? 'EOPNOTSUPP' : code, String(only));
    }
  }),
);

test.run();
