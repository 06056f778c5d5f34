import { closeSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fdOf, isNamespace, openRtnetlink } from '../netns/netns.ts';
import { PacketSocket } from '../netns/packet-socket.ts';
import { isSandbox, namespaceName, type NetworkScope, type SandboxScope } from '../objects/scope.ts';
import { deleteLink, dumpLinks } from './codec/link.ts';
import { readLink, type LinkRow } from './codec/link-row.ts';
import { BodyWriter } from './codec/writer.ts';
import type { Rtnetlink } from './message.ts';

/** A network namespace of ours that is pinned now, and the sockets that stay in it. */
export interface OwnNamespace {
  readonly path: string;
  readonly rtnetlink: Rtnetlink;
  /** Opened when first wanted. @throws PERMISSION_DENIED */
  packets(): PacketSocket;
}

/** Who wants to know when a namespace of ours is first used, and when it is given up. */
export interface NamespaceFollower {
  opened(scope: NetworkScope): Promise<void>;
  closed(scope: NetworkScope): void;
}

class Opened implements OwnNamespace {
  readonly path: string;
  readonly rtnetlink: Rtnetlink;
  /** Which namespace the path led to when the sockets were opened. */
  readonly inode: number;
  #packets: PacketSocket | undefined;

  constructor(path: string, inode: number) {
    this.path = path;
    this.inode = inode;
    this.rtnetlink = openRtnetlink(path);
  }

  packets(): PacketSocket {
    this.#packets ??= new PacketSocket(this.path);
    return this.#packets;
  }

  close(): void {
    this.rtnetlink.close();
    this.#packets?.close();
  }
}

/** The node's namespace and our own ones by scope: sockets are opened when first needed, and again when another was pinned. */
export class Namespaces {
  readonly node: Rtnetlink;
  readonly #directory: string;
  readonly #open = new Map<NetworkScope, Opened>();
  /** Which namespace it was that bore our mark, or was made by us. */
  readonly #proven = new Map<NetworkScope, number>();
  #follower: NamespaceFollower | undefined;

  constructor(directory: string, node: Rtnetlink) {
    this.#directory = directory;
    this.node = node;
  }

  pathOf(scope: NetworkScope | SandboxScope): string {
    if (isSandbox(scope)) return scope.slice('sandbox:'.length);
    return join(this.#directory, namespaceName(scope));
  }

  /** undefined: no namespace is pinned there. @throws PERMISSION_DENIED */
  async own(scope: NetworkScope): Promise<OwnNamespace | undefined> {
    const path = this.pathOf(scope);
    const inode = inodeOf(path);
    const known = this.#open.get(scope);
    if (known !== undefined && known.inode === inode) return known;
    if (known !== undefined) await this.#abandon(scope, known);
    if (inode === undefined || !isNamespace(path)) return undefined;
    const opened = new Opened(path, inode);
    this.#open.set(scope, opened);
    await this.#follower?.opened(scope);
    return opened;
  }

  /** The network of ours whose namespace the path leads to, by whatever name; undefined: none of those that are in use. */
  ownAt(path: string): NetworkScope | undefined {
    const inode = inodeOf(path);
    for (const [scope, opened] of this.#open) if (opened.inode === inode) return scope;
    return undefined;
  }

  /** It bears our mark: from now on it is ours, whatever somebody makes of the mark. */
  prove(scope: NetworkScope): void {
    const inode = inodeOf(this.pathOf(scope));
    if (inode !== undefined) this.#proven.set(scope, inode);
  }

  /** Was it proven in this life to be ours? */
  isProven(scope: NetworkScope): boolean {
    const inode = this.#proven.get(scope);
    return inode !== undefined && inode === inodeOf(this.pathOf(scope));
  }

  /** Is told of the namespaces that are opened from now on. One at a time. */
  follow(follower: NamespaceFollower | undefined): void {
    this.#follower = follower;
  }

  /** Was it used, and is it not pinned any more as it was then? */
  isUnpinned(scope: NetworkScope): boolean {
    const known = this.#open.get(scope);
    return known !== undefined && inodeOf(this.pathOf(scope)) !== known.inode;
  }

  /** Removes what is in a namespace of ours, so that nothing of it lingers while the kernel takes the namespace apart. */
  async empty({ rtnetlink }: OwnNamespace): Promise<void> {
    const links = (await rtnetlink.dump(dumpLinks(new BodyWriter()))).map((m) => readLink(m.body));
    await empty(rtnetlink, links);
  }

  /** Closes the sockets in the namespace. */
  forget(scope: NetworkScope): void {
    this.#follower?.closed(scope);
    this.#open.get(scope)?.close();
    this.#open.delete(scope);
  }

  close(): void {
    for (const scope of [...this.#open.keys()]) this.forget(scope);
    this.node.close();
  }

  /** Somebody unpinned it, and only our sockets keep it: with them its devices would live on, and hold their VNI. */
  async #abandon(scope: NetworkScope, namespace: Opened): Promise<void> {
    this.#open.delete(scope);
    this.#follower?.closed(scope);
    try {
      await this.empty(namespace);
    } finally {
      namespace.close();
    }
  }
}

/** Deletes these links, the tunnel device first: its VNI is the node's, and may be wanted again. */
export async function empty(rtnetlink: Rtnetlink, links: readonly LinkRow[]): Promise<void> {
  const writer = new BodyWriter();
  const rest = links.filter((l) => !l.loopback && l.details.kind !== 'vxlan');
  const ordered = [...links.filter((l) => l.details.kind === 'vxlan'), ...rest];
  await rtnetlink.send(ordered.map((l) => deleteLink(writer, l.name)));
}

/** Runs `use` with a descriptor of the namespace. @throws SANDBOX_INVALID, PERMISSION_DENIED */
export async function withFd<T>(path: string, use: (fd: number) => Promise<T>): Promise<T> {
  const fd = fdOf(path);
  try {
    return await use(fd);
  } finally {
    closeSync(fd);
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
