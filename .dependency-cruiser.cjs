/** The arrows between the layers: sys <- {ns, cgroup} <- builder <- cli; units are between sys and the rest. `npm run check:arrows` holds the code to them. */
const layer = (name, from, to) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: to },
});

module.exports = {
  forbidden: [
    layer('sys-stands-alone', '^src/sys/', '^src/(units|ns|cgroup|builder|cli|index)'),
    layer('units-know-only-sys', '^src/units/', '^src/(ns|cgroup|builder|cli|index)'),
    layer('ns-knows-only-sys', '^src/ns/', '^src/(cgroup|builder|cli|index)'),
    layer('cgroup-knows-only-sys-and-units', '^src/cgroup/', '^src/(ns|builder|cli|index)'),
    layer('builder-is-below-the-command-line', '^src/builder/', '^src/(cli|index)'),
    layer('index-is-below-the-command-line', '^src/index', '^src/cli/'),
    { name: 'one-ffi-door', severity: 'error', from: { pathNot: '^src/sys/ffi\\.ts$' }, to: { path: 'ffi-rs' } },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: '^src/cli/main\\.ts$' }, to: {} },
    {
      name: 'only-declared-packages',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
