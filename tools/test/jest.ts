/** The projects of jest.config.js in the order in which they run: the quick ones first. */
export const projects = ['unit', 'netns', 'live', 'e2e'] as const;
export type Project = (typeof projects)[number];

/** Arguments for Node that run one project. Whole labs do not share the machine with each other. */
export function jestArguments(project: Project): string[] {
  return [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '--selectProjects',
    project,
    // Not in the temporary folder: it must stay warm, and the leak check looks there.
    '--cacheDirectory=.cache/jest',
    ...(project === 'e2e' ? ['--runInBand'] : ['--maxWorkers=2']),
  ];
}
