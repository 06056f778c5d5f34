import { familyOf, writeIp, type Ip } from '../../../model/ip.ts';
import { writeMac, type Mac } from '../../../model/mac.ts';
import type { FdbEntry, NeighbourEntry, PortFdbEntry } from '../../objects/forwarding.ts';
import type { Room } from '../wire.ts';
import { af, nda, nlm, ntf, nud, rtm } from './constants.ts';

export type Entry = FdbEntry | PortFdbEntry | NeighbourEntry;

/**
 * Writes the request that puts or deletes an entry, from the word `at` on and without its sequence number; returns the word
 * behind it. Entries come by the hundred thousand: nothing is allocated, and all is written by words, in the machine's order.
 *
 * - `bridge fdb replace MAC dev DEV self permanent dst IP`, and `bridge fdb del ...`
 * - `bridge fdb replace MAC dev PORT master static`, and `bridge fdb del ...`
 * - `bridge fdb replace MAC dev BRIDGE self permanent`, and `bridge fdb del ...`
 * - `ip neigh replace IP lladdr MAC dev DEV nud permanent`, and `ip neigh del IP dev DEV`
 */
export function writeEntry(o: Entry, dev: number, op: 'put' | 'delete', room: Room, at: number): number {
  const { words } = room;
  words[at + 1] = op === 'put' ? put : remove;
  words[at + 5] = dev;
  let end = at + 7;
  switch (o.kind) {
    case 'fdb':
      words[at + 4] = af.bridge;
      words[at + 6] = nud.permanent | (ntf.self << 16);
      end = writeAddress(o.dst, room, writeLladdr(o.mac, room, end));
      break;
    case 'port-fdb':
      words[at + 4] = af.bridge;
      words[at + 6] = o.own === true ? nud.permanent | (ntf.self << 16) : nud.noarp | (ntf.master << 16);
      end = writeLladdr(o.mac, room, end);
      break;
    case 'neighbour':
      words[at + 4] = familyOf(o.ip) === 4 ? af.inet : af.inet6;
      words[at + 6] = nud.permanent;
      end = writeLladdr(o.mac, room, writeAddress(o.ip, room, end));
  }
  words[at] = (end - at) * 4;
  return end;
}

/** The second word of a request: its type, and above it its flags. */
const put = rtm.newNeighbour | ((nlm.request | nlm.create | nlm.replace) << 16);
const remove = rtm.delNeighbour | (nlm.request << 16);

/** NDA_LLADDR: its head, six bytes, and two that fill the word. */
function writeLladdr(mac: Mac, { words, bytes }: Room, at: number): number {
  words[at] = 10 | (nda.lladdr << 16);
  words[at + 2] = 0;
  writeMac(mac, bytes, at * 4 + 4);
  return at + 3;
}

/** NDA_DST: its head, and four or sixteen bytes. */
function writeAddress(ip: Ip, { words, bytes }: Room, at: number): number {
  const length = writeIp(ip, bytes, at * 4 + 4);
  words[at] = (4 + length) | (nda.dst << 16);
  return at + 1 + length / 4;
}
