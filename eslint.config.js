// What the compiler does not see. Rules are here to catch mistakes; where one would fight good style it is off or tuned,
// with its reason. No file may switch a rule off for itself (noInlineConfig): change the rule here, for all.
import { builtinModules } from 'node:module';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const bareCoreModules = builtinModules.filter((name) => !name.startsWith('node:') && !name.startsWith('_'));
// Contract suites, fakes and folders named testing count as tests, as in the import fence.
const tests = [
  '**/*.test.ts',
  '**/contract*.ts',
  '**/*-contract.ts',
  '**/fake*.ts',
  '**/*-fake.ts',
  '**/{testing,fake,fakes}/**',
];
const pureRooms = ['model', 'ipam', 'vxlan', 'drivers', 'linux/objects', 'linux/plan'];
const noEnum = {
  selector: 'TSEnumDeclaration',
  message: 'Use a union of string literals: types are stripped.',
};
const noBarrel = {
  selector: 'ExportAllDeclaration',
  message: 'No barrels: import from the file that has it.',
};
const noDefault = { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' };

export default defineConfig(
  { ignores: ['**/generated/**', 'tools/fence/canary/**', 'dist/**', 'coverage/**', '.cache/**'] },
  {
    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' },
    rules: {
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-restricted-imports': [
        'error',
        { paths: bareCoreModules.map((name) => ({ name, message: `Say node:${name}.` })) },
      ],
      'no-restricted-syntax': ['error', noEnum, noBarrel, noDefault],
      // The part of "eslint:recommended" that neither the compiler nor typescript-eslint covers.
      'array-callback-return': 'error',
      eqeqeq: 'error',
      'no-async-promise-executor': 'error',
      'no-case-declarations': 'error',
      'no-compare-neg-zero': 'error',
      'no-cond-assign': 'error',
      'no-constant-binary-expression': 'error',
      'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
      'no-control-regex': 'off',
      'no-debugger': 'error',
      'no-duplicate-case': 'error',
      'no-else-return': 'error',
      'no-empty': 'error',
      'no-empty-character-class': 'error',
      'no-empty-pattern': 'error',
      'no-fallthrough': 'error',
      'no-loss-of-precision': 'error',
      'no-misleading-character-class': 'error',
      'no-prototype-builtins': 'error',
      'no-regex-spaces': 'error',
      'no-self-assign': 'error',
      'no-self-compare': 'error',
      'no-sparse-arrays': 'error',
      'no-template-curly-in-string': 'error',
      'no-unmodified-loop-condition': 'error',
      'no-unreachable-loop': 'error',
      'no-unsafe-finally': 'error',
      'no-unsafe-optional-chaining': 'error',
      'no-useless-assignment': 'error',
      'no-useless-escape': 'error',
      'no-useless-rename': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'preserve-caught-error': 'error',
      'require-yield': 'error',
      'use-isnan': 'error',
      'valid-typeof': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // Numbers and booleans print as expected; objects, undefined and null do not.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/restrict-plus-operands': ['error', { allowNumberAndString: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // The compiler keeps `signal.aborted` and the like narrowed over an await; this rule would have the second look removed.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // An empty string is often meant to be "absent" (environment variables).
      '@typescript-eslint/prefer-nullish-coalescing': [
        'error',
        { ignorePrimitives: { string: true, boolean: true } },
      ],
      // A port is asynchronous even where this implementation of it has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      // `as string` after a check that the compiler cannot follow says more than `!`, which is forbidden outside tests.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // Tagged unions and branded types are types; interface or type is the author's choice.
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/class-literal-property-style': 'off',
    },
  },
  {
    // A clock, randomness and the process are handed in.
    files: pureRooms.map((room) => `${room}/**/*.ts`),
    ignores: tests,
    rules: {
      'no-restricted-globals': [
        'error',
        ...[
          'Date',
          'performance',
          'process',
          'setTimeout',
          'setInterval',
          'setImmediate',
          'fetch',
          'crypto',
        ].map((name) => ({
          name,
          message: 'This room is pure: have it handed in.',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Have randomness handed in.' },
      ],
    },
  },
  { files: ['cli/**', 'e2e/**', 'tools/**'], rules: { 'no-console': 'off' } },
  {
    files: tests,
    rules: {
      // A test may know better than the types: it made the values, and it hands wrong ones in on purpose.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
    },
  },
  // Configuration files and Jest's reporters are found by their default export.
  {
    files: ['*.js', 'tools/test/reporter.ts'],
    rules: { 'no-restricted-syntax': ['error', noEnum, noBarrel] },
  },
);
