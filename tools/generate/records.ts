/** Compiles kvstore/records/weft.proto to a module without reflection and its types, in kvstore/records/generated/. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const script = 'kvstore/records/generated/weft.js';
const types = script.replace('.js', '.d.ts');

// What is not used is left out: the decoders' results become model types at once.
const unused = ['create', 'verify', 'convert', 'delimited', 'typeurl', 'service'].map(
  (part) => `--no-${part}`,
);
const target = ['--target', 'static-module', '--wrap', 'esm', '--root', 'weft', '--dts', '--out', script];
const { status } = spawnSync('pbjs', [...target, ...unused, 'kvstore/records/weft.proto'], {
  stdio: 'inherit',
});
if (status === 0) {
  // Its types import the package `long` for 64-bit integers. Weft has none, and does not declare that package.
  const text = readFileSync(types, 'utf8');
  writeFileSync(types, text.replace(/^import Long = require\("long"\);\n/m, ''));
} else process.exitCode = 1;
