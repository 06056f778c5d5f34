import { familyOf } from '../../../../model/ip.ts';
import type { NetlinkRequest } from '../../message.ts';
import { af, change, nda, nlm, ntf, nud, rtm } from '../constants.ts';
import type { Entry } from '../entry.ts';
import { BodyWriter } from '../writer.ts';

/** What `writeEntry` writes, by the writer for all kinds of messages. */
export function entryRequest(o: Entry, dev: number, op: 'put' | 'delete'): NetlinkRequest {
  const body = bodyOf(new BodyWriter(), o, dev).finish();
  return op === 'put'
    ? { type: rtm.newNeighbour, flags: change | nlm.create | nlm.replace, body }
    : { type: rtm.delNeighbour, flags: change, body };
}

function bodyOf(w: BodyWriter, o: Entry, dev: number): BodyWriter {
  switch (o.kind) {
    case 'fdb':
      return head(w, af.bridge, dev, nud.permanent, ntf.self)
        .attributeMac(nda.lladdr, o.mac)
        .attributeIp(nda.dst, o.dst);
    case 'port-fdb':
      return (
        o.own === true
          ? head(w, af.bridge, dev, nud.permanent, ntf.self)
          : head(w, af.bridge, dev, nud.noarp, ntf.master)
      ).attributeMac(nda.lladdr, o.mac);
    case 'neighbour':
      return head(w, familyOf(o.ip) === 4 ? af.inet : af.inet6, dev, nud.permanent, 0)
        .attributeIp(nda.dst, o.ip)
        .attributeMac(nda.lladdr, o.mac);
  }
}

/** struct ndmsg */
function head(w: BodyWriter, family: number, dev: number, state: number, flags: number): BodyWriter {
  return w.begin().u32(family).u32(dev).u16(state).u8(flags).u8(0);
}
