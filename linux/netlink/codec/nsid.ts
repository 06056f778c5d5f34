import type { NetlinkMessage, NetlinkRequest } from '../message.ts';
import { change, netnsa, nlm, rtm } from './constants.ts';
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

/** `ip netns set`: this namespace is to know the one behind the file descriptor by the id. EEXIST: it has an id. */
export function setNsid(w: BodyWriter, netns: number, id: number): NetlinkRequest {
  const body = w.begin().u32(0).attribute32(netnsa.nsid, id).attribute32(netnsa.fd, netns).finish();
  return { type: rtm.newNsid, flags: change, body };
}

/** The id in the body of an RTM_NEWNSID or RTM_DELNSID message. */
export function nsidIn(body: Uint8Array): number {
  return readU32(readAttributes(body, 4).get(netnsa.nsid));
}
