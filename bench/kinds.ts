/** All kinds of namespaces but that of clocks. */
export const kinds = ['user', 'mount', 'pid', 'net', 'ipc', 'uts', 'cgroup'] as const;
