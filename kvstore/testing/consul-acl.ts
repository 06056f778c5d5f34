import type { ConsulServer } from './consul-server.ts';

export interface ConsulToken {
  /** What a client shows. */
  readonly secret: string;
  /** What an administrator calls it. */
  readonly accessor: string;
}

/** What a node needs; docs/guides/consul-security.md says it to operators. */
export const nodeRules = (prefix: string): string =>
  [`key_prefix "${prefix}"`, 'node "weft-sessions"', 'session "weft-sessions"']
    .map((rule) => `${rule} { policy = "write" }`)
    .join(' ');

/** Tokens and policies of a server that was started with `acl`. */
export class ConsulAcl {
  readonly #server: ConsulServer;

  constructor(server: ConsulServer) {
    this.#server = server;
  }

  /** Makes the policy, or replaces its rules: every token that has it is judged by them from now on. */
  async policy(name: string, rules: string): Promise<void> {
    const all = (await this.#ask('GET', 'policies')) as readonly {
      readonly ID: string;
      readonly Name: string;
    }[];
    const old = all.find((each) => each.Name === name);
    await this.#ask('PUT', old === undefined ? 'policy' : `policy/${old.ID}`, { Name: name, Rules: rules });
  }

  /** @param ttl Of the token: at least one minute. */
  async token(policy: string, ttl?: string): Promise<ConsulToken> {
    const wish = { Policies: [{ Name: policy }], ...(ttl === undefined ? {} : { ExpirationTTL: ttl }) };
    const made = (await this.#ask('PUT', 'token', wish)) as {
      readonly SecretID: string;
      readonly AccessorID: string;
    };
    return { secret: made.SecretID, accessor: made.AccessorID };
  }

  async revoke({ accessor }: ConsulToken): Promise<void> {
    await this.#ask('DELETE', `token/${accessor}`);
  }

  async #ask(method: 'GET' | 'PUT' | 'DELETE', path: string, body?: object): Promise<unknown> {
    const answer = await this.#server.ask(method, `acl/${path}`, body && JSON.stringify(body));
    return JSON.parse(Buffer.from(answer).toString()) as unknown;
  }
}
