// The launcher's objects: built from the source that is here, with the layout that TypeScript fills in, needing nothing.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Block } from '../src/sys/block.js';
import { runLauncher } from '../src/sys/ffi.js';
import { execve, exit_group, getpid, IsolateError, program, syscallNumber } from '../src/sys/index.js';
import { encodeProgram } from '../src/sys/launcher/encode-program.js';
import * as layout from '../src/sys/launcher/layout.js';
import { type NativeObject, nativeObject } from '../src/sys/native-object.js';
import { commandMissing, either, skipUnless } from './helpers/can.js';
import { programOf, repository } from './helpers/program.js';

interface Built {
  readonly compiler: string;
  readonly objects: Readonly<Record<NativeObject, { readonly command: string; readonly sha256: string }>>;
}

const objects: readonly NativeObject[] = ['launcher.so', 'init'];

const architectures = { x64: 62, arm64: 183 } as const;
const prebuilds = join(repository, 'prebuilds');
const recorded = readRecord(prebuilds);

function readRecord(folder: string): Readonly<Record<string, Built>> {
  return JSON.parse(readFileSync(join(folder, 'launcher.json'), 'utf8'));
}

/** Builds the objects anew, with the compilers that are here. */
const rebuilt = mkdtempSync(join(tmpdir(), 'isolate-'));
process.on('exit', () => rmSync(rebuilt, { recursive: true }));
spawnSync(process.execPath, ['scripts/build-launcher.mjs', '--out', rebuilt], { cwd: repository, stdio: 'ignore' });
const record = readRecord(rebuilt);

for (const [arch, machine] of Object.entries(architectures)) {
  const object = (folder: string, name: NativeObject) => readFileSync(join(folder, `linux-${arch}`, name));

  for (const name of objects) {
    test(`${arch}, ${name}: the object is the one that is recorded`, () => {
      const sha256 = createHash('sha256').update(object(prebuilds, name)).digest('hex');
      assert.is(sha256, recorded[arch]?.objects[name].sha256);
    });

    test(`${arch}, ${name}: the object is for that machine`, () => {
      const elf = object(prebuilds, name);
      assert.is(elf.toString('latin1', 0, 6), '\x7fELF\x02\x01');
      assert.is(elf.readUInt16LE(18), machine);
    });
  }

  const here = record[arch]?.compiler;
  const there = recorded[arch]?.compiler;
  const reason =
    here === undefined ? `its compiler is not here (${there})` : here === there ? undefined : `${here} is not ${there}`;
  skipUnless(test, reason, `${arch}: the source gives the object, byte for byte`, () => {
    for (const name of objects) {
      assert.is(record[arch]?.objects[name].command, recorded[arch]?.objects[name].command);
      assert.ok(object(rebuilt, name).equals(object(prebuilds, name)), 'npm run build:launcher');
    }
  });

  skipUnless(test, commandMissing('readelf'), `${arch}: the object needs no library and no symbol`, () => {
    const file = join(prebuilds, `linux-${arch}`, 'launcher.so');
    const dynamic = execFileSync('readelf', ['--dynamic', '--dyn-syms', '--wide', file], { encoding: 'utf8' });
    assert.not.match(dynamic, /\(NEEDED\)/);
    const symbols = dynamic
      .split('\n')
      .filter((line) => /^\s+\d+: [0-9a-f]{16}.* \S+$/.test(line) && !/ 0: /.test(line));
    const undefinedOnes = symbols.filter((line) => / UND /.test(line) && !/ UND $/.test(line));
    assert.equal(undefinedOnes, []);
    assert.match(dynamic, /GLOBAL +DEFAULT +\d+ isolate_launch/);
  });
}

for (const arch of Object.keys(architectures)) {
  skipUnless(test, commandMissing('readelf'), `${arch}: init is static, in one segment that cannot be written`, () => {
    const file = join(prebuilds, `linux-${arch}`, 'init');
    const headers = execFileSync('readelf', ['--program-headers', '--wide', file], { encoding: 'utf8' });
    assert.not.match(headers, /INTERP|DYNAMIC/);
    assert.equal(
      [...headers.matchAll(/^ +LOAD .* (R ?W?E?) +0x/gm)].map(([, rights]) => rights?.replace(' ', '')),
      ['RE'],
    );
  });
}

/** The header as a compiler sees it, against what TypeScript has. */
const { headerLayout: header, stepLayout: step, opCodes: op } = layout;
const facts: Readonly<Record<string, number>> = {
  'offsetof(struct block, count)': header.count,
  'offsetof(struct block, cleanup)': header.cleanup,
  'offsetof(struct block, failed)': header.failed,
  'offsetof(struct block, error)': header.error,
  'offsetof(struct block, mirror)': header.mirror,
  'offsetof(struct block, layout)': header.layout,
  'offsetof(struct block, size)': header.size,
  'offsetof(struct block, role)': header.role,
  'offsetof(struct block, command)': header.command,
  'offsetof(struct block, line)': header.line,
  'offsetof(struct block, ended)': header.ended,
  'offsetof(struct block, first)': header.first,
  'offsetof(struct block, cancelled)': header.cancelled,
  'offsetof(struct block, steps)': header.bytes,
  'sizeof(struct block)': header.bytes,
  'offsetof(struct step, result)': step.result,
  'offsetof(struct step, args)': step.args,
  'offsetof(struct step, tolerate)': step.tolerate,
  'offsetof(struct step, expect)': step.expect,
  'offsetof(struct step, nr)': step.number,
  'offsetof(struct step, op)': step.op,
  'offsetof(struct step, flags)': step.op + 1,
  'offsetof(struct step, loads)': step.op + 2,
  'offsetof(struct step, next)': step.next,
  'sizeof(struct step)': step.bytes,
  'sizeof(((struct step *)0)->args)': 6 * 8,
  'sizeof(((struct step *)0)->tolerate)': 2 * 8,
  OP_CALL: op.call,
  OP_CLONE: op.clone,
  OP_HOLD: op.hold,
  OP_RELEASE: op.release,
  OP_EXIT: op.exit,
  OP_DECIMAL: op.decimal,
  OP_WAIT: op.wait,
  OP_REAP: op.reap,
  ROLE_SERVE: layout.roleCodes.serve,
  ROLE_HOLD: layout.roleCodes.hold,
  ROLE_LEAVE: layout.roleCodes.leave,
  INIT_BASE: layout.initBase,
  REPORT_BYTES: layout.reportBytes,
  STEP_EXPECTS: layout.stepExpects,
  LAYOUT: layout.layoutVersion,
  NONE_FAILED: layout.noneFailed,
  WRONG_LAYOUT: layout.wrongLayout,
};

/** Compiles the claims, and gives what the compiler says against them. */
function complaints(compiler: string, claims: Readonly<Record<string, number>>): string {
  const file = join(rebuilt, 'layout.c');
  const lines = Object.entries(claims).map(([fact, value]) => `_Static_assert(${fact} == ${value}, "${fact}");`);
  writeFileSync(file, `#include <stddef.h>\n#include "src/sys/launcher/launcher.h"\n${lines.join('\n')}\n`);
  const args = ['-std=c11', '-fsyntax-only', '-I', repository, file];
  const { status, stderr } = spawnSync(compiler, args, { encoding: 'utf8' });
  return status === 0 ? '' : stderr;
}

for (const compiler of ['x86_64-linux-gnu-gcc', 'aarch64-linux-gnu-gcc', 'gcc']) {
  skipUnless(test, commandMissing(compiler), `launcher.h has the layout of layout.ts, says ${compiler}`, () => {
    assert.is(complaints(compiler, facts), '');
    assert.match(
      complaints(compiler, { ...facts, LAYOUT: layout.layoutVersion + 1 }),
      /static assertion failed: "LAYOUT"/,
    );
  });
}

test('an architecture without an object is named', () => {
  for (const arch of ['riscv64', 'mips', 'x86']) {
    for (const ask of [() => nativeObject('launcher.so', arch), () => syscallNumber('mount', arch)]) {
      try {
        ask();
        assert.unreachable(arch);
      } catch (error) {
        assert.instance(error, IsolateError);
        assert.is((error as IsolateError).code, 'ERR_ISOLATE_UNSUPPORTED_ARCH');
        assert.match((error as IsolateError).message, new RegExp(`${arch}.*x64.*arm64`));
      }
    }
  }
});

test('a command on such an architecture is refused, and the architecture named', () => {
  const code = `
    Object.defineProperty(process, 'arch', { value: 'riscv64' });
    const error = await bare().spawn('true').catch((error) => error);
    console.log(error.code, error.message.includes('riscv64'));
  `;
  const [file, args] = programOf(code);
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', cwd: repository });
  assert.is(stdout, 'ERR_ISOLATE_UNSUPPORTED_ARCH true\n', stderr);
});

skipUnless(
  test,
  either(Object.hasOwn(architectures, process.arch) ? undefined : `there is no object for ${process.arch}`),
  'an object and a program of different versions do nothing',
  () => {
    const block = new Block(1 << 16);
    const steps = program({ before: [getpid.step()], exec: [execve.step('/bin/true', ['true'], [])] });
    const { offsets } = encodeProgram(steps, {}, block);
    block.setInt32(header.layout, layout.layoutVersion + 1);
    runLauncher(block.address);
    assert.is(block.int32(header.failed), layout.wrongLayout);
    for (const offset of offsets.values()) assert.is(block.word(offset + step.result), layout.notRun);
    assert.is(exit_group.name, 'exit_group');
  },
);

test.run();
