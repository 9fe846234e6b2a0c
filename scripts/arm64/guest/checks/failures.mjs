// A launch that does not work: which step, which call, which error, and that nothing is left of it.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { errorOf, everything, leftovers, StepError } from '../library.mjs';

/** A directory that this program has in /proc, and no child of it. */
const ownTask = `/proc/self/task/${process.pid}`;
/** What a bind of it fails with. */
const notThere = {
  call: /^open_tree\(AT_FDCWD, "\/proc\/self\/task\//,
  syscall: 'open_tree',
  code: 'ENOENT',
  errno: 2,
};

const folder = mkdtempSync('/tmp/failures-');

/** What failed, and where. */
const gist = ({ message }) => message.split('\n').slice(0, 3).join('\n');

/** Runs `true` in a sandbox in which one step has to fail: the one whose call looks like `call`. */
async function assertFails(given, { call, syscall, code, errno }) {
  // `run` and `plan` have the same steps when the sandbox itself says what becomes of the output.
  const sandbox = given.stdio('ignore');
  await everything.run('true');
  const before = leftovers();
  const error = await errorOf(sandbox.run('true'));
  assert.ok(error instanceof StepError, error.stack);

  const plan = sandbox.plan('true');
  const index = plan.steps.findIndex(({ step }) => call.test(plan.render(step)));
  assert.ok(index >= 0, plan.steps.map(({ step }) => plan.render(step)).join('\n'));
  const expected = { syscall, code, errno: -errno, where: 'child', step: index, steps: plan.steps.length };
  const told = Object.fromEntries(Object.keys(expected).map((key) => [key, error[key]]));
  assert.deepEqual(told, expected);
  assert.match(error.call, call);
  assert.deepEqual(
    error.done,
    plan.steps.slice(0, index).map(({ step }) => step.call.name),
  );
  assert.deepEqual(leftovers(), before);
  return gist(error);
}

export const checks = {
  'a bind of what is not there: step, call and errno': () => assertFails(everything.bind(ownTask, '/tmp'), notThere),
  'a bind of what is not there, after a clone that copies the memory (for the time namespace, before Linux 6.3)': () =>
    assertFails(everything.clock({ monotonic: 1 }).bind(ownTask, '/tmp'), notThere),
  'a clock that would be set back to before 0': () =>
    assertFails(everything.clock({ boottime: -1_000_000 }), {
      call: /^write\(#\d+, "boottime -1000000 /,
      syscall: 'write',
      code: 'ERANGE',
      errno: 34,
    }),
  'a working directory that is not there': async () => {
    const error = await errorOf(everything.cwd('/nowhere').run('true'));
    assert.deepEqual(
      [error.reason, error.syscall, error.code, error.errno],
      ['cwd-not-found', 'openat2', 'ENOENT', -2],
    );
  },
  'a command that is not there': async () => {
    const error = await errorOf(everything.run('no-such-command'));
    assert.deepEqual(
      [error.reason, error.syscall, error.code, error.errno],
      ['command-not-found', 'execve', 'ENOENT', -2],
    );
    return gist(error);
  },
  'a command that is not there, after a clone that copies the memory': async () => {
    const error = await errorOf(everything.clock({ monotonic: 1 }).run('no-such-command'));
    assert.deepEqual([error.reason, error.syscall, error.code], ['command-not-found', 'execve', 'ENOENT']);
  },
  'a script whose interpreter is not there': async () => {
    writeFileSync(`${folder}/script`, '#!/no/interpreter\n', { mode: 0o755 });
    const error = await errorOf(everything.run(`${folder}/script`));
    assert.deepEqual([error.reason, error.code], ['interpreter-not-found', 'ENOENT']);
    assert.match(error.message, /\/no\/interpreter/);
  },
  'a file that may not be run, and one that is no program': async () => {
    writeFileSync(`${folder}/text`, 'text');
    const denied = await errorOf(everything.run(`${folder}/text`));
    assert.deepEqual([denied.reason, denied.code], ['not-executable', 'EACCES']);
    chmodSync(`${folder}/text`, 0o755);
    const strange = await errorOf(everything.run(`${folder}/text`));
    assert.deepEqual([strange.reason, strange.code], ['not-executable', 'ENOEXEC']);
  },
};
