/** The fast inner loop: says yes or no in under a minute, without privilege. Its parts are in check-parts.ts. */
import { runParts, staticParts, type Part } from './check-parts.ts';
import { jestArguments } from './test/jest.ts';

const unit: Part = {
  name: 'unit tests',
  argv: [process.execPath, ...jestArguments('unit'), '--silent', '--reporters', 'default'],
  again: `node ${jestArguments('unit').join(' ')} FOLDER`,
};

const failed = await runParts([unit, ...staticParts]);
console.log(failed === 0 ? 'check: all good' : `check: ${failed} of ${staticParts.length + 1} parts failed`);
process.exitCode = failed === 0 ? 0 : 1;
