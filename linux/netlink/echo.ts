import { writeIp } from '../../model/ip.ts';
import { writeMac } from '../../model/mac.ts';
import type { FdbEntry, NeighbourEntry } from '../objects/forwarding.ts';
import { isTableEntry } from '../objects/keyed-map.ts';
import type { Step } from '../plan/step.ts';
import { af, nda, nud, rtm } from './codec/constants.ts';

/** Own writes without a notice, such as one that changed nothing, that may lie between two with one. */
const reach = 128;
const scratch = new Uint8Array(16);

/**
 * The notices that our own writes of a tunnel's entries will cause, in their order. They come by the hundred thousand: to tell one
 * apart by its bytes costs a tenth of what it costs to make an object of it and look up what is wanted. What is taken here says
 * what we have just written; anything else is judged like any other notice.
 */
export class Echo {
  readonly #steps: readonly Step[];
  #at = 0;

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  /** Is the message, from `at` to `end` of the bytes without its header, the effect of one of the next steps? */
  takes(
    type: number,
    bytes: Buffer,
    at: number,
    end: number,
    nameOf: (index: number) => string | undefined,
  ): boolean {
    if (type !== rtm.newNeighbour && type !== rtm.delNeighbour) return false;
    const isBridge = bytes[at] === af.bridge;
    let [mac, dst, dstBytes] = [0, 0, 0];
    for (let next = at + 12; next + 4 <= end;) {
      const length = bytes.readUInt16LE(next);
      if (length < 4) return false;
      const attribute = bytes.readUInt16LE(next + 2);
      if (attribute === nda.lladdr && length === 10) mac = next + 4;
      else if (attribute === nda.dst) [dst, dstBytes] = [next + 4, length - 4];
      next += (length + 3) & ~3;
    }
    if (dst === 0) return false;
    const isThere = type === rtm.newNeighbour && (bytes.readUInt16LE(at + 8) & nud.permanent) !== 0;
    let dev: string | undefined;
    for (let i = this.#at, tries = 0; i < this.#steps.length && tries < reach; i += 1) {
      const { op, object } = this.#steps[i] as Step;
      if (!isTableEntry(object)) continue;
      tries += 1;
      if ((object.kind === 'fdb') !== isBridge || (op === 'delete') === isThere) continue;
      if (!sameIp(object, bytes, dst, dstBytes)) continue;
      if (op !== 'delete' || isBridge) if (mac === 0 || !sameMac(object, bytes, mac)) continue;
      dev ??= nameOf(bytes.readUInt32LE(at + 4));
      if (object.dev !== dev) continue;
      // A neighbour that is removed is told of twice: that it failed, and that it is gone.
      if (isThere || type === rtm.delNeighbour) this.#at = i + 1;
      return true;
    }
    return false;
  }
}

/** Does the entry lead to this address, or is it for it? */
function sameIp(o: FdbEntry | NeighbourEntry, bytes: Buffer, at: number, length: number): boolean {
  return writeIp(o.kind === 'fdb' ? o.dst : o.ip, scratch) === length && sameBytes(bytes, at, length);
}

function sameMac(o: FdbEntry | NeighbourEntry, bytes: Buffer, at: number): boolean {
  writeMac(o.mac, scratch);
  return sameBytes(bytes, at, 6);
}

function sameBytes(bytes: Buffer, at: number, length: number): boolean {
  for (let i = 0; i < length; i += 1) if (bytes[at + i] !== scratch[i]) return false;
  return true;
}
