// The import fence: which room may name which (docs/design/). tools/fence.ts runs it and proves that it sees.
// Every rule has a canary below tools/fence/canary/: the file that breaks it on purpose and has its name
// (for a rule about a single file: that file). A new rule needs one as well.
//
//   model <- kvstore, ipam, linux, api <- vxlan, drivers <- agent;  cli and plugins know only model and api

// Tests, and what only tests call: contract suites, fakes, and folders named testing.
const tests = '\\.test\\.ts$|(^|/)(contract|fake)[^/]*\\.ts$|-(contract|fake)\\.ts$|(^|/)(testing|fakes?)/';
const canary = '^tools/fence/canary/';
const npm = '(^|/)node_modules/';

// The real stores and the real kernel.
const concreteStores = '^kvstore/(etcd|consul|file)(/|\\.ts$)';
const concreteKernel = '^linux/(netlink|netns|nft|sysctl)(/|\\.ts$)';

/** Files matching `from`, tests aside, may import files matching one of `allowed` and nothing else in the checkout. */
function only(name, from, allowed, comment) {
  return {
    name,
    comment,
    severity: 'error',
    from: { path: from, pathNot: tests },
    to: { pathNot: [...allowed, npm], dependencyTypesNot: ['core'], couldNotResolve: false },
  };
}

/** Values in, values out: no module of Node, and of the packages only those named. */
function pure(name, from, packages = []) {
  const named = packages.map((each) => `${npm}${each}/`);
  return [
    {
      name: `${name}-no-node`,
      comment: 'This room is pure: time, randomness, sockets and files are handed in.',
      severity: 'error',
      from: { path: from, pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: `${name}-no-package`,
      comment: 'This room is pure and takes no npm package beyond those its rule names.',
      severity: 'error',
      from: { path: from, pathNot: tests },
      to: { path: npm, ...(named.length > 0 ? { pathNot: named } : {}) },
    },
  ];
}

export default {
  forbidden: [
    only('model-only', '^model/', ['^model/'], 'model is what all others stand on.'),
    only('kvstore-only', '^kvstore/', ['^kvstore/', '^model/'], 'kvstore stands on model alone.'),
    only(
      'ipam-only',
      '^ipam/',
      ['^ipam/', '^model/', '^kvstore/(store|keys)\\.ts$', '^kvstore/records/'],
      'ipam knows of the store only the port, the keys and the records.',
    ),
    only('linux-only', '^linux/', ['^linux/', '^model/'], 'linux stands on model alone.'),
    only(
      'linux-objects-only',
      '^linux/objects/',
      ['^linux/objects/', '^model/'],
      'Object types know no kernel.',
    ),
    only('api-only', '^api/', ['^api/', '^model/'], 'api stands on model alone.'),
    only(
      'vxlan-only',
      '^vxlan/',
      ['^vxlan/', '^model/', '^linux/objects/'],
      'The overlay driver knows the nouns and the Linux object types.',
    ),
    only(
      'drivers-only',
      '^drivers/',
      ['^drivers/', '^model/', '^linux/objects/'],
      'Drivers know the nouns and the Linux object types.',
    ),
    only(
      'agent-only',
      '^agent/',
      ['^(agent|vxlan|drivers|kvstore|ipam|linux|api|model)/', '^package\\.json$'],
      'The agent knows neither its callers nor the lab.',
    ),
    only(
      'cli-only',
      '^cli/(?!(store|lab)\\.ts$)',
      ['^(cli|api|model)/', '^package\\.json$'],
      'The command line talks to the agent through api; stores are opened in cli/store.ts, the lab in cli/lab.ts.',
    ),
    only(
      'cli-store-only',
      '^cli/store\\.ts$',
      ['^(cli|kvstore|api|model)/'],
      'The root of the store commands.',
    ),
    only(
      'cli-lab-only',
      '^cli/lab\\.ts$',
      ['^(cli|kvstore|linux|api|model)/', '^e2e/lab(/|\\.ts$)'],
      'The root of the lab commands.',
    ),
    only(
      'plugins-only',
      '^plugins/',
      ['^(plugins|api|model)/', '^package\\.json$'],
      'Plugins decode, call the local API, encode.',
    ),
    only(
      'e2e-lab-only',
      '^e2e/lab(/|\\.ts$)',
      ['^e2e/lab(/|\\.ts$)', '^(linux|kvstore|api|model)/'],
      'The lab is part of the product (weft lab).',
    ),
    only(
      'tools-only',
      '^tools/',
      [
        '^tools/',
        '^(api|model|kvstore)/',
        '^linux/(errno-decisions|adoption)\\.ts$',
        '^ipam/testing/compared/',
        '^[^/]+\\.js$',
      ],
      'Scripts run without the product.',
    ),

    ...pure('model', '^model/', ['ip-address']),
    ...pure('ipam', '^ipam/'),
    ...pure('linux-objects', '^linux/(objects|plan)/'),
    ...pure('vxlan', '^vxlan/'),
    ...pure('drivers', '^drivers/'),
    {
      name: 'concrete-at-the-root',
      comment:
        'The real stores and the real kernel are named in agent/main.ts; the rest of agent/ gets ports, on no path.',
      severity: 'error',
      from: { path: '^agent/(?!main\\.ts$)', pathNot: tests },
      to: { path: `${concreteStores}|${concreteKernel}`, reachable: true },
    },
    {
      name: 'main-is-the-top',
      comment: 'A main.ts is started, never imported.',
      severity: 'error',
      from: { pathNot: tests },
      to: { path: '(^|/)main\\.ts$', pathNot: npm },
    },
    {
      name: 'no-tests-in-product',
      comment: 'Fakes, contract suites and tests are for tests.',
      severity: 'error',
      from: {
        path: '^(model|kvstore|ipam|linux|api|vxlan|drivers|agent|cli|plugins)/|^e2e/lab(/|\\.ts$)',
        pathNot: tests,
      },
      to: { path: tests, pathNot: npm },
    },
    {
      name: 'no-development-package-in-product',
      comment: 'What is shipped has no development packages: move it to "dependencies" or do without it.',
      severity: 'error',
      from: {
        path: '^(model|kvstore|ipam|linux|api|vxlan|drivers|agent|cli|plugins)/|^e2e/lab(/|\\.ts$)',
        pathNot: tests,
      },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'packages-are-declared',
      comment:
        'A package that only comes along with another one may be gone tomorrow: declare it in package.json.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'imports-resolve',
      comment: 'Nothing is there.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-circle',
      comment: 'Two files that need each other are one file, or there is a third one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    // Anchored: a bare "dist" would hide node_modules/netlink/dist, and with it every rule about that package.
    exclude: { path: ['^dist/', canary] },
    doNotFollow: { path: npm },
    // Type-only imports count: a room that names a type knows the room it comes from.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
