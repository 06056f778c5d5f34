/** Runs every script of package.json whose name starts with `generate:`, in the order of their names. */
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: Record<string, string>;
};
const names = Object.keys(scripts)
  .filter((name) => name.startsWith('generate:'))
  .sort();
for (const name of names) {
  const { status } = spawnSync('npm', ['run', '--silent', name], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    console.error(`npm run ${name} failed`);
    process.exit(1);
  }
  console.log(`generated: ${name.slice('generate:'.length)}`);
}
