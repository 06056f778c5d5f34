/**
 * The import fence: runs the rules of .dependency-cruiser.js over the checkout, and before that proves that they see:
 * every rule must fire on its canary, and every source file must be among the modules that were read. (With a wrong
 * parser or a wrong exclusion the cruise reads little, finds nothing and is green.)
 */
import { join } from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import { listFiles } from './files.ts';

const root = join(import.meta.dirname, '..');
type Rule = NonNullable<NonNullable<ICruiseOptions['ruleSet']>['forbidden']>[number];
interface Configuration {
  readonly forbidden: readonly (Rule & { readonly name: string; readonly comment: string })[];
  readonly options: ICruiseOptions;
}
const configuration: unknown = await import(join(root, '.dependency-cruiser.js'));
const rules = (configuration as { readonly default: Configuration }).default;

const canaryFolder = 'tools/fence/canary';
/** Raise it as the house grows. */
const fewestModules = 80;

async function read(baseDir: string, files: readonly string[]): Promise<ICruiseResult> {
  const { output } = await cruise([...files], {
    ...rules.options,
    baseDir,
    validate: true,
    ruleSet: { forbidden: [...rules.forbidden] },
  });
  if (typeof output === 'string') throw new Error('dependency-cruiser answered with text');
  return output;
}

function describe(result: ICruiseResult): string[] {
  return result.summary.violations.map(({ rule, from, to, cycle, via }) => {
    const path = [from, ...(cycle ?? via ?? [{ name: to }]).map((step) => step.name)];
    const why = rules.forbidden.find((each) => each.name === rule.name)?.comment ?? '';
    return `${path.join(' -> ')}\n    ${rule.name}: ${why}`;
  });
}

/** Rules about one file; the canary of any other rule is named after it. */
const canaryNames: Readonly<Record<string, string>> = {
  'cli-store-only': 'cli/store.ts',
  'cli-lab-only': 'cli/lab.ts',
};

/** Rules that did not fire on their canary. */
async function blindRules(): Promise<string[]> {
  const files = listFiles(join(root, canaryFolder)).filter((file) => file.endsWith('.ts'));
  const { summary } = await read(join(root, canaryFolder), files);
  const canaryOf = (rule: string): string => canaryNames[rule] ?? `/${rule}.ts`;
  const fired = new Set(
    summary.violations
      .filter(({ rule, from, cycle }) =>
        [from, ...(cycle ?? []).map((step) => step.name)].some((file) => file.endsWith(canaryOf(rule.name))),
      )
      .map(({ rule }) => rule.name),
  );
  return rules.forbidden
    .filter((rule) => !fired.has(rule.name))
    .map(
      ({ name }) => `rule ${name} does not fire on its canary (${canaryOf(name)}): the fence is blind there`,
    );
}

/** Source files that the cruise never read. */
function unseen(files: readonly string[], result: ICruiseResult): string[] {
  const seen = new Set(result.modules.map((module) => module.source));
  return files
    .filter((file) => !seen.has(file))
    .map((file) => `${file} was not read: the fence is blind there`);
}

const files = listFiles(root).filter((file) => file.endsWith('.ts') && !file.startsWith(canaryFolder));
const [blind, result] = await Promise.all([blindRules(), read(root, files)]);
const complaints = [...blind, ...unseen(files, result), ...describe(result)];
if (result.summary.totalCruised < fewestModules) {
  complaints.push(
    `only ${result.summary.totalCruised} modules were read, expected at least ${fewestModules}`,
  );
}
for (const complaint of complaints) console.error(complaint);
console.log(
  `import fence: ${rules.forbidden.length} rules, each seen to fire; ${result.summary.totalCruised} modules, ` +
    `${result.summary.totalDependenciesCruised ?? 0} imports, ${complaints.length} complaints`,
);
process.exitCode = complaints.length === 0 ? 0 : 1;
