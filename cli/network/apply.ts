import { toFailureJson } from '../../api/failure.ts';
import type { AppliedNetworkJson } from '../../api/schemas/network.ts';
import type { FailureJson } from '../../api/schemas/failure.ts';
import type { WeftError } from '../../model/errors.ts';
import { table } from '../output/table.ts';
import type { Cli } from '../ports.ts';
import { awaiting, waitedText, waitingOf, type WaitFlags } from '../waiting.ts';
import { declarationsIn } from './declarations-in.ts';
import { named } from './named.ts';

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
  for (const { name, declaration } of wishes) {
    const outcome = await named(name, () =>
      awaiting(client, name, options, client.applyNetwork(name, declaration, waitingOf(options))),
    );
    if (outcome.kind === 'done') outcomes.push({ name, ...outcome.value });
    else {
      failures.push(outcome.error);
      outcomes.push({ name, outcome: 'failed', ...toFailureJson(outcome.error) });
    }
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
