import { parse, stringify } from 'yaml';
import type { Client } from '../../api/client.ts';
import type { AppliedNetworkJson, DeclarationJson } from '../../api/schemas/network.ts';
import { asWeftError, hasCode, WeftError } from '../../model/errors.ts';
import type { Cli, Common, Edited } from '../ports.ts';
import { declarationsIn } from './declarations-in.ts';

/**
 * `weft network edit NAME`: the declaration as YAML in an editor, and applied as it was saved. What is refused comes back with the
 * reason above it, as often as it is changed. Saved as it was, nothing is done.
 *
 * @throws what refused it, naming the file that has the text, when it is given up after a refusal.
 */
export async function editNetwork(cli: Cli, name: string, options: Common): Promise<void> {
  const client = await cli.client(options);
  const before = await client.declarationOf(name);
  let text = head(before) + bodyOf(before);
  let refusal: WeftError | undefined;
  for (;;) {
    const edited = await cli.edit(name, text, refusal !== undefined);
    if (withoutComments(edited.text) === withoutComments(text)) {
      if (refusal !== undefined) throw givenUp(refusal, edited);
      await edited.done();
      cli.show(options, { name, outcome: 'unchanged' }, () => `Network ${name} is as it was.`);
      return;
    }
    const applied = await tryApply(client, before, edited);
    if (!(applied instanceof WeftError)) {
      await edited.done();
      cli.show(options, { name, ...applied }, () => `Network ${name}: ${applied.outcome}.`);
      return;
    }
    refusal = applied;
    if (hasCode(applied, ...hopeless)) throw givenUp(applied, edited);
    await edited.done();
    text = commented(applied.message) + withoutReasons(edited.text);
  }
}

/** What no other text could help. */
const hopeless = ['DAEMON_UNREACHABLE', 'PERMISSION_DENIED', 'NETWORK_EXISTS', 'NETWORK_REMOVING'] as const;

async function tryApply(
  client: Client,
  { name, revision }: DeclarationJson,
  { text, file }: Edited,
): Promise<AppliedNetworkJson | WeftError> {
  try {
    const [found, second] = declarationsIn(text, file);
    if (found?.name !== name || second !== undefined)
      throw new WeftError('INPUT_INVALID', `the text must declare network ${name}, and nothing else`);
    return await client.applyNetwork(name, found.declaration, { revision });
  } catch (error) {
    return asWeftError(error);
  }
}

function givenUp({ code, message, details }: WeftError, { file }: Edited): WeftError {
  return new WeftError(code, `${message}. Nothing was changed; what you wrote is in ${file}`, { details });
}

function head({ name, declared }: DeclarationJson): string {
  const state = declared ? '' : '# Its declaration was deleted: this says the same as what is accepted.\n';
  return (
    `# Network ${name}. Save it and leave the editor to apply it; leave it as it is to do nothing.\n` +
    '# Every key, and what may change while endpoints live: docs/guides/declare.md\n' +
    state
  );
}

/** As YAML, with the name; a text that is no JSON stays as it is, to be mended. */
function bodyOf({ name, text }: DeclarationJson): string {
  try {
    JSON.parse(text);
    // Other than JSON.parse it does not pass over a key that is given twice.
    const declaration: unknown = parse(text);
    if (typeof declaration === 'object' && declaration !== null && !Array.isArray(declaration))
      return stringify({ name, ...declaration }, { lineWidth: 0 });
  } catch {
    // It is shown as it is.
  }
  return `name: ${name}\n${text}\n`;
}

const reasonMark = '#! ';

const commented = (reason: string): string =>
  reason
    .split('\n')
    .map((line) => `${reasonMark}${line}\n`)
    .join('');

const linesOf = (text: string, isWanted: (line: string) => boolean): string =>
  text.split('\n').filter(isWanted).join('\n');
const withoutReasons = (text: string): string => linesOf(text, (line) => !line.startsWith(reasonMark));
const withoutComments = (text: string): string =>
  linesOf(text, (line) => !line.startsWith('#') && line.trim() !== '');
