import type { Client } from '../../api/client.ts';
import { toFailureJson } from '../../api/failure.ts';
import type { AppliedNetworkJson } from '../../api/schemas/network.ts';
import type { FailureJson } from '../../api/schemas/failure.ts';
import { asWeftError, hasCode, WeftError } from '../../model/errors.ts';
import { table } from '../output/table.ts';
import type { Cli } from '../ports.ts';
import { awaiting, waitedText, waitingOf, type WaitFlags } from '../waiting.ts';
import { declarationsIn, type NamedDeclaration } from './declarations-in.ts';

type Outcome = { readonly name: string } & (
  AppliedNetworkJson | ({ readonly outcome: 'failed' } & FailureJson)
);

/**
 * `weft network apply -f FILE`: every network of the file, in its order. One that fails does not keep the others from being
 * applied; the exit code is that of the first failure.
 */
export async function applyFile(cli: Cli, file: string, options: WaitFlags): Promise<void> {
  const wishes = declarationsIn(await cli.read(file), file);
  const client = await cli.client(options);
  const failures: WeftError[] = [];
  const outcomes: Outcome[] = [];
  for (const wish of wishes) {
    const outcome = await applyOne(client, wish, options);
    if (outcome instanceof WeftError) {
      failures.push(outcome);
      outcomes.push({ name: wish.name, outcome: 'failed', ...toFailureJson(outcome) });
    } else outcomes.push({ name: wish.name, ...outcome });
  }
  cli.show(options, outcomes, () =>
    table(
      ['NAME', 'OUTCOME', ...(options.wait === true ? ['EVERYWHERE'] : [])],
      outcomes.map((o) => [
        o.name,
        o.outcome,
        ...(o.outcome === 'failed' || o.waited === undefined ? [] : [waitedText(o.waited)]),
      ]),
    ),
  );
  const codes = failures.map((failure) => cli.fail(options, failure));
  cli.exit(codes[0] ?? 0);
}

/** @throws when there is nobody to apply anything. */
async function applyOne(
  client: Client,
  { name, declaration }: NamedDeclaration,
  options: WaitFlags,
): Promise<AppliedNetworkJson | WeftError> {
  try {
    const asked = client.applyNetwork(name, declaration, waitingOf(options));
    return await awaiting(client, name, options, asked);
  } catch (error) {
    if (hasCode(error, 'DAEMON_UNREACHABLE', 'PERMISSION_DENIED')) throw error;
    const { code, message, details } = asWeftError(error);
    return new WeftError(code, `${name}: ${message}`, { cause: error, details });
  }
}
