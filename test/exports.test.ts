// The public names: a new one, or one that is gone, is a decision. UPDATE_GOLDEN=1 writes the list again.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as cgroup from '../src/cgroup/index.js';
import * as index from '../src/index.js';
import * as ns from '../src/ns/index.js';
import * as sys from '../src/sys/index.js';
import { matchesJson } from './helpers/golden.js';

const modules = {
  'src/index.ts': index,
  'src/sys/index.ts': sys,
  'src/ns/index.ts': ns,
  'src/cgroup/index.ts': cgroup,
};

/** The names that a module exports, and those of them that are types only. */
function namesIn(path: string): { values: string[]; types: string[] } {
  const text = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
  const names: { values: string[]; types: string[] } = { values: [], types: [] };
  for (const [, allTypes, list] of text.matchAll(/^export (type )?\{([^}]*)\}/gm)) {
    for (const item of (list as string).split(',').map((name) => name.trim())) {
      if (item === '') continue;
      const name = item.replace(/^type /, '').replace(/^.* as /, '');
      names[allTypes !== undefined || item.startsWith('type ') ? 'types' : 'values'].push(name);
    }
  }
  assert.not.match(text, /^export (?!(type )?\{)/m, 'exports are listed by name');
  return { values: names.values.sort(), types: names.types.sort() };
}

test('the public names are what they were', () => {
  matchesJson('exports.json', Object.fromEntries(Object.keys(modules).map((path) => [path, namesIn(path)])));
});

for (const [path, module] of Object.entries(modules)) {
  test(`${path}: the names that are listed are those that are there`, () => {
    assert.equal(Object.keys(module).sort(), namesIn(path).values);
  });
}

test('the package has an entry for each of them, and no other', () => {
  const { exports } = createRequire(import.meta.url)('../package.json') as {
    exports: Record<string, { default: string }>;
  };
  const entries = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [] : [entry.default]));
  assert.equal(
    entries.sort(),
    Object.keys(modules)
      .map((path) => path.replace(/^src\/(.*)\.ts$/, './dist/$1.js'))
      .sort(),
  );
});

test.run();
