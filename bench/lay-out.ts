import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

/** A folder with the bench in JavaScript. */
export interface LaidOut {
  readonly folder: string;
  remove(): void;
}

/**
 * Compiles the bench to a folder where the package is in node_modules, as it is in the programs of those who use it. Not below /tmp:
 * there are programs for it in there, and the safe default hides /tmp.
 */
export function layOut(bench: string): LaidOut {
  const results = join(bench, 'results');
  fs.mkdirSync(results, { recursive: true });
  const folder = fs.mkdtempSync(join(results, 'run-'));
  fs.writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  fs.mkdirSync(join(folder, 'node_modules'));
  fs.symlinkSync(resolve(bench, '..'), join(folder, 'node_modules', 'linux-isolate'));
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  for (const name of fs.readdirSync(bench)) {
    if (name.endsWith('.c')) fs.copyFileSync(join(bench, name), join(folder, name));
    if (!name.endsWith('.ts')) continue;
    const { outputText } = ts.transpileModule(fs.readFileSync(join(bench, name), 'utf8'), { compilerOptions: options });
    fs.writeFileSync(join(folder, name.replace(/ts$/, 'js')), outputText);
  }
  return { folder, remove: () => fs.rmSync(folder, { recursive: true, force: true }) };
}
