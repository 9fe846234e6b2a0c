import { match } from 'ts-pattern';
import type { FilesEntry } from '../../spec/file-entry.js';
import type { Assembly } from './assembly.js';
import { planBind } from './bind.js';
import type { FilesContext } from './context.js';
import { planDev } from './dev.js';
import { planCgroupfs, planMqueue, planProc, planSysfs, planTmpfs } from './fresh.js';
import { planHome, planWorkingDirectory } from './home.js';
import { planKernelGuards } from './kernel-guards.js';
import { planDir, planFile, planSymlink } from './make.js';
import { planOverlay } from './overlay.js';
import { planResolver } from './resolver.js';
import { planMask, planPropagation, planReadonly, planRemount } from './restrict.js';

/** Adds the steps of one entry. */
export function planEntry(assembly: Assembly, entry: FilesEntry, context: FilesContext): void {
  match(entry)
    .with({ type: 'bind' }, (one) => planBind(assembly, one))
    .with({ type: 'tmpfs' }, (one) => planTmpfs(assembly, one, context))
    .with({ type: 'proc' }, (one) => planProc(assembly, one))
    .with({ type: 'dev' }, (one) => planDev(assembly, one, context))
    .with({ type: 'sysfs' }, (one) => planSysfs(assembly, one))
    .with({ type: 'mqueue' }, (one) => planMqueue(assembly, one))
    .with({ type: 'cgroupfs' }, (one) => planCgroupfs(assembly, one))
    .with({ type: 'dir' }, (one) => planDir(assembly, one))
    .with({ type: 'file' }, (one) => planFile(assembly, one))
    .with({ type: 'symlink' }, (one) => planSymlink(assembly, one))
    .with({ type: 'remount' }, (one) => planRemount(assembly, one))
    .with({ type: 'mask' }, (one) => planMask(assembly, one))
    .with({ type: 'readonly' }, (one) => planReadonly(assembly, one))
    .with({ type: 'overlay' }, (one) => planOverlay(assembly, one, context))
    .with({ type: 'propagation' }, (one) => planPropagation(assembly, one))
    .with({ type: 'home' }, () => planHome(assembly, context))
    .with({ type: 'kernelGuards' }, () => planKernelGuards(assembly))
    .with({ type: 'resolver' }, () => planResolver(assembly, context))
    .with({ type: 'workingDirectory' }, () => planWorkingDirectory(assembly, context))
    .exhaustive();
}
