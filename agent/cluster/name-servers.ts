import { tryParseIp, type Ip } from '../../model/ip.ts';

/** resolv.conf(5) */
const own = '/etc/resolv.conf';
/** Where systemd-resolved writes whom it asks itself, when it is the only one in resolv.conf. */
const behindResolved = '/run/systemd/resolve/resolv.conf';

/**
 * Whom this node asks for names. `read`: the text of a file, or undefined when there is none. A server on this host is none that a
 * network could hide, but for those that it asks in turn, as far as they are written down.
 */
export function nameServersOf(read: (path: string) => string | undefined): () => readonly Ip[] {
  return () => {
    const found = serversIn(read(own) ?? '');
    const others = found.filter((ip) => !isOfHost(ip));
    return others.length > 0 || found.length === 0
      ? others
      : serversIn(read(behindResolved) ?? '').filter((ip) => !isOfHost(ip));
  };
}

/** Those with a zone are of one link. */
function serversIn(text: string): readonly Ip[] {
  const lines = text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm);
  const found = [...lines].map(([, server = '']) => tryParseIp(server)).filter((ip) => ip !== undefined);
  return [...new Set(found)].toSorted();
}

const isOfHost = (ip: Ip): boolean => /^(127\.|::1$|fe[89ab][0-9a-f]:)/.test(ip);
