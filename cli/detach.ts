import type { Command } from 'commander';
import type { Client } from '../api/client.ts';
import type { DetachBody, DetachedJson } from '../api/schemas/endpoint.ts';
import { hasCode, WeftError } from '../model/errors.ts';
import { common, duration } from './options.ts';
import { oneLine } from './output/table.ts';
import type { Cli, Common } from './ports.ts';
import { awaiting, waitedText, waitFlag, waitingOf } from './waiting.ts';

interface Options extends Common {
  readonly network?: string;
  readonly endpoint?: string;
  readonly key?: string;
  readonly timeout?: number;
  readonly wait?: true;
}

/** Adds `weft detach`. */
export function registerDetach(program: Command, cli: Cli): void {
  common(waitFlag(program.command('detach [sandbox]')), 'weft detach --network blue c1')
    .description('detach an endpoint of this node; success when there is nothing to undo')
    .option('--network <name>', 'network to detach from')
    .option('--endpoint <endpoint>', 'id or name of the endpoint, instead of the sandbox')
    .option('--key <key>', 'the key that it was attached with, instead of the sandbox')
    .option('--timeout <duration>', 'how long to wait, such as 500ms or 10s', duration)
    .action(async (sandbox: string | undefined, options: Options) => {
      const which = whichOf(sandbox, options);
      const done = await detach(await cli.client(options), which, options);
      cli.show(options, done, () => textOf(done));
    });
}

function textOf({ detached, storePending, waited, otherKeys }: DetachedJson): string {
  if (storePending === true) return 'Detached; the store will be told when it is back.';
  if (otherKeys !== undefined)
    return `There was nothing to detach. The sandbox is attached by another key, to be named by --key: ${oneLine(otherKeys.join(', '))}`;
  const done = detached ? 'Detached.' : 'There was nothing to detach.';
  return waited === undefined ? done : `${done.slice(0, -1)}; ${waitedText(waited)}.`;
}

type Which = Pick<DetachBody, 'sandbox' | 'key' | 'endpoint'>;

/** @throws INPUT_INVALID unless it is said in one way which endpoint is meant, and where. */
function whichOf(sandbox: string | undefined, { network, endpoint, key }: Options): Which {
  if ([sandbox, endpoint, key].filter((each) => each !== undefined).length !== 1) {
    throw new WeftError('INPUT_INVALID', 'detach takes one of SANDBOX, --endpoint and --key');
  }
  if (endpoint !== undefined) return { endpoint };
  if (network === undefined) {
    throw new WeftError('INPUT_INVALID', 'detach of a sandbox needs --network: it may be in several');
  }
  return sandbox === undefined ? { key } : { sandbox };
}

async function detach(client: Client, which: Which, options: Options): Promise<DetachedJson> {
  const where = options.network ?? (await networkOf(client, which.endpoint ?? ''));
  if (where === undefined) return { detached: false };
  const body = { network: where, ...which, ...waitingOf(options) };
  return awaiting(client, where, options, client.detach(body));
}

async function networkOf(client: Client, endpoint: string): Promise<string | undefined> {
  try {
    return (await client.inspectEndpoint(endpoint)).network;
  } catch (error) {
    if (hasCode(error, 'ENDPOINT_NOT_FOUND')) return undefined;
    throw error;
  }
}
