// Every example of the README and of the guides runs, and prints what it says it prints.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { skipUnless } from './helpers/can.js';
import { refusalOfOwn } from './helpers/groups.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const text = [
  'README.md',
  'docs/files.md',
  'docs/streams.md',
  'docs/ending.md',
  'docs/joining.md',
  'docs/boxes.md',
  'docs/terminals.md',
]
  .map((file) => readFileSync(join(root, file), 'utf8'))
  .join('\n');
const examplesIn = (text: string) =>
  [...text.matchAll(/^```(js|sh)\n(.*?)^```$/gms)].map(([, language, code]) => ({
    language: language as 'js' | 'sh',
    code: code as string,
  }));
const examples = examplesIn(text);
/** Not everybody may make control groups. */
const ofGroups = ['docs/cgroups.md', 'docs/limits.md'].flatMap((file) =>
  examplesIn(readFileSync(join(root, file), 'utf8')),
);
const noGroups = await refusalOfOwn({ controllers: ['memory', 'pids', 'cpu'] });

/** What follows `→` in the comments of an example, in order. */
function promised(code: string): string[] {
  return [...code.matchAll(/(?:\/\/|#) → (.*)$/gm)].map(([, line]) => line as string);
}

const folder = mkdtempSync(join(tmpdir(), 'isolate-readme-'));
const [bin, runtime] = [join(folder, 'bin'), join(folder, 'runtime')];
for (const one of [bin, runtime]) mkdirSync(one, { mode: 0o700 });
symlinkSync(join(root, 'dist/cli/main.js'), join(bin, 'isolate'));
test.after(() => rmSync(folder, { recursive: true }));

for (const [index, { language, code }] of [...examples, ...ofGroups].entries()) {
  // The two commands of a fresh clone are what runs this test.
  if (code.startsWith('npm ')) continue;
  const [firstLine] = code.split('\n');
  const takesGroup = index >= examples.length || /\.(limits|cgroup)\(/.test(code);
  const reason = takesGroup ? noGroups : undefined;
  skipUnless(test, reason, `example ${index + 1}: ${firstLine}`, () => {
    const [command, args] =
      language === 'js' ? [process.execPath, ['--input-type=module', '--eval', code]] : ['sh', ['-e', '-c', code]];
    const env = { XDG_RUNTIME_DIR: runtime, ...process.env, PATH: `${bin}:${process.env.PATH}` };
    const { stdout, stderr, status } = spawnSync(command as string, args as string[], {
      cwd: root,
      env,
      encoding: 'utf8',
    });
    assert.is(status, 0, `it ended with ${status}\n${stdout}${stderr}`);
    const lines = promised(code);
    assert.ok(lines.length > 0, 'an example says what it prints');
    let from = 0;
    for (const line of lines) {
      const at = stdout.indexOf(line, from);
      assert.ok(at >= 0, `${JSON.stringify(line)} is not in what it prints:\n${stdout}`);
      from = at + line.length;
    }
  });
}

test('there is an example for each kind of user', () => {
  assert.ok(examples.filter(({ language }) => language === 'js').length >= 3);
  assert.ok(examples.filter(({ language }) => language === 'sh').length >= 3);
});

test.run();
