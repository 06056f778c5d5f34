import type { NetlinkMessage, NetlinkRequest } from '../message.ts';
import { netnsa, nlm, rtm } from './constants.ts';
import { readAttributes, readU32 } from './reader.ts';
import type { BodyWriter } from './writer.ts';

/** Asks by which id this namespace knows the one behind the file descriptor. */
export function getNsid(w: BodyWriter, netns: number): NetlinkRequest {
  const body = w.begin().u32(0).attribute32(netnsa.fd, netns).finish();
  return { type: rtm.getNsid, flags: nlm.request, body };
}

/** undefined: it has no id here, so no link of this namespace leads there. */
export function readNsid(answer: readonly NetlinkMessage[]): number | undefined {
  const message = answer.find((m) => m.type === rtm.newNsid);
  const id = message === undefined ? undefined : readAttributes(message.body, 4).get(netnsa.nsid);
  if (id === undefined) return undefined;
  const value = readU32(id);
  return value === 0xffffffff ? undefined : value;
}
