// Four kinds of test, told apart by their file names:
//   x.test.ts        unit: no privilege, no server
//   x.netns.test.ts  the real kernel, in network namespaces that the test makes (root)
//   x.live.test.ts   real stores, started by the test
//   x.e2e.test.ts    the whole product in a lab
const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist'],
};
const kinds = ['netns', 'live', 'e2e'];

export default {
  // A guard against what hangs, not a measure: machines are shared, and a lab on a busy one takes its time.
  testTimeout: 60_000,
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', `\\.(${kinds.join('|')})\\.test\\.ts$`],
    },
    ...kinds.map((kind) => ({ ...base, displayName: kind, testMatch: [`**/*.${kind}.test.ts`] })),
  ],
};
