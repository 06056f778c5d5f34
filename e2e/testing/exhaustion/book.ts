import type { EndpointJson } from '../../../api/schemas/endpoint.ts';
import type { Host } from '../../lab/host.ts';
import { memberOf, type Member } from '../../lab/members.ts';

/** What workers have asked for, and how often. */
export interface Counts {
  attached: number;
  repeated: number;
  reserved: number;
  detached: number;
  /** Nothing was free. */
  exhausted: number;
  /** A wished address had a holder. */
  taken: number;
  /** Answers that made the worker ask again. */
  unanswered: number;
}

interface Held {
  readonly member: Member;
  readonly id: string;
}

const bare = (address: string): string => address.replace(/\/.*/, '');

/**
 * What the workers of a run were promised: an address belongs to its caller's key from the answer to the attach until the detach is
 * asked for. Whatever contradicts that goes to `wrong`, and everything that was done to `story`.
 */
export class Book {
  readonly story: string[] = [];
  readonly wrong: string[] = [];
  readonly counts: Counts = {
    attached: 0,
    repeated: 0,
    reserved: 0,
    detached: 0,
    exhausted: 0,
    taken: 0,
    unanswered: 0,
  };
  readonly #begun = performance.now();
  readonly #held = new Map<string, Held>();
  readonly #holders = new Map<string, string>();

  /** One line of the story, with the milliseconds since its beginning. */
  tell(text: string): void {
    this.story.push(`${(performance.now() - this.#begun).toFixed(0).padStart(6)} ms  ${text}`);
  }

  complain(text: string): void {
    this.tell(`WRONG: ${text}`);
    this.wrong.push(text);
  }

  /** Who has an endpoint by the answers that were given. */
  get members(): readonly Member[] {
    return Array.from(this.#held.values(), ({ member }) => member);
  }

  /** Ids of their endpoints. */
  get endpoints(): readonly string[] {
    return Array.from(this.#held.values(), ({ id }) => id);
  }

  attached(key: string, host: Host, endpoint: EndpointJson): void {
    const addresses = endpoint.addresses.map(bare);
    const known = this.#held.get(key);
    if (known !== undefined) {
      if (known.id !== endpoint.id || known.member.addresses.join() !== addresses.join())
        this.complain(
          `${key} had ${known.id} with ${known.member.addresses.join(', ')}, and has ${endpoint.id} with ${addresses.join(', ')}`,
        );
      return;
    }
    for (const address of addresses) {
      const holder = this.#holders.get(address);
      if (holder !== undefined) this.complain(`${address} is given to ${key}, and ${holder} has it`);
      this.#holders.set(address, key);
    }
    this.#held.set(key, { member: memberOf(host, endpoint), id: endpoint.id });
  }

  /** From now on it is promised nothing any more. */
  detaching(key: string): void {
    for (const address of this.#held.get(key)?.member.addresses ?? [])
      if (this.#holders.get(address) === key) this.#holders.delete(address);
    this.#held.delete(key);
  }
}
