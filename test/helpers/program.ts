// Programs of their own, for what a test may not do to its own process.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

const changed = (path: string) => (existsSync(path) ? statSync(path).mtimeMs : 0);
const newest = (folder: string) =>
  Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => changed(join(entry.parentPath ?? entry.path, entry.name))),
  );

/** The build is what users run, and starts three times as fast; but it has to be that of these sources. */
const isBuilt = changed(join(repository, 'dist/index.js')) > newest(join(repository, 'src'));

/** The file that a module of the package is run from, as `cli/main`. */
export const moduleFile = (name: string): string => join(repository, isBuilt ? `dist/${name}.js` : `src/${name}.ts`);

/** What Node needs to run it. */
export const nodeOptions: readonly string[] = isBuilt ? [] : ['--import', 'tsx'];

/** The command that runs some JavaScript, in which all that the package exports is at hand. Give it `repository` as its cwd. */
export function programOf(code: string): [file: string, args: string[]] {
  const from = (name: string) => JSON.stringify(pathToFileURL(moduleFile(name)).href);
  const imports = `import { bare, isolate } from ${from('index')}; import * as sys from ${from('sys/index')}; import * as cgroup from ${from('cgroup/index')};`;
  return [process.execPath, [...nodeOptions, '--input-type=module', '--eval', `${imports}\n${code}`]];
}

/** A command as a shell reads it. */
export function quoted([file, args]: [file: string, args: string[]]): string {
  return [file, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

/** What brings `bare` and `isolate` into a thread. The option by which Node learns TypeScript does not reach its workers. */
export const library = `
  ${nodeOptions.length === 0 ? '' : `(await import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))})).register();`}
  const { bare, isolate } = await import(${JSON.stringify(pathToFileURL(moduleFile('index')).href)});
`;
