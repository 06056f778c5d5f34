import { closeSync, statSync } from 'node:fs';
import type { Clock } from '../../model/clock.ts';
import { hasCode } from '../../model/errors.ts';
import { fdOf } from '../netns/netns.ts';
import { readSettings } from '../netns/sysctl.ts';
import type { Hearing, NoticeListener } from '../notice.ts';
import type { Sysctl } from '../objects/ip-config.ts';
import type { NetworkScope, SandboxScope } from '../objects/scope.ts';
import type { Step } from '../plan/step.ts';
import { Ear } from './ear.ts';
import { Echo } from './echo.ts';
import { interfaceName } from './interface-index.ts';
import type { Namespaces } from './namespaces.ts';
import { NoticeReader } from './notice-reader.ts';
import { watchPins } from './pin-watch.ts';
import { SilentSettings } from './silent-settings.ts';

type Inside = NetworkScope | SandboxScope;

interface Heard {
  readonly id: number;
  /** Which namespace the path led to. */
  readonly inode: number;
}

/** Tells of all network namespaces that are opened, and of the sandboxes that were named: the port's `listen`. */
export class LinuxHearing implements Hearing {
  readonly #namespaces: Namespaces;
  readonly #listener: NoticeListener;
  readonly #ear: Ear;
  readonly #pins: Disposable;
  readonly #silent: SilentSettings;
  readonly #readers = new Map<number, readonly NoticeReader[]>();
  readonly #heard = new Map<Inside, Heard>();
  #echo: Echo | undefined;
  #isWriting = false;

  /** @throws PERMISSION_DENIED, KERNEL_REFUSED */
  constructor(
    namespaces: Namespaces,
    directory: string,
    listener: NoticeListener,
    clock: Pick<Clock, 'monotonic' | 'after'>,
  ) {
    this.#namespaces = namespaces;
    this.#listener = listener;
    this.#ear = new Ear({
      onMessage: (id, type, bytes, at, end) => {
        this.#tell(id, type, bytes, at, end);
      },
      onEnd: (id) => {
        this.#ended(id);
      },
      onOverrun: () => {
        listener.onOverrun();
      },
      onSilence: () => {
        if (!this.#isWriting) this.#echo = undefined;
      },
    });
    const pins = watchPins(directory, (scope) => {
      if (namespaces.isUnpinned(scope)) listener.onNotice(scope, { kind: 'ended', scope });
    });
    this.#pins = pins;
    this.#silent = new SilentSettings({
      clock,
      listener,
      read: (scope, keys) => this.#settings(scope, keys),
      isUnpinned: (scope) => namespaces.isUnpinned(scope),
      isWriting: () => this.#isWriting,
    });
    namespaces.follow({
      opened: async (scope) => {
        pins.arm();
        await this.#hear(scope);
      },
      closed: (scope) => {
        this.#forget(scope);
      },
    });
  }

  async hear(sandboxes: Iterable<SandboxScope>): Promise<void> {
    for (const scope of sandboxes) await this.#hear(scope);
  }

  mind(scope: NetworkScope, settings: readonly Sysctl[]): void {
    this.#silent.mind(scope, settings);
  }

  /** We write these now: what the kernel says of entries among them is no news. */
  async writing<T>(steps: readonly Step[], write: () => Promise<T>): Promise<T> {
    this.#echo = new Echo(steps);
    this.#isWriting = true;
    try {
      return await write();
    } finally {
      this.#isWriting = false;
    }
  }

  drain(): void {
    this.#ear.drain();
  }

  close(): void {
    this.#namespaces.follow(undefined);
    this.#pins[Symbol.dispose]();
    this.#silent[Symbol.dispose]();
    this.#ear.close();
  }

  async #hear(scope: Inside): Promise<void> {
    const path = this.#namespaces.pathOf(scope);
    const inode = statSync(path, { throwIfNoEntry: false })?.ino;
    if (inode === undefined || this.#heard.get(scope)?.inode === inode) return;
    this.#forget(scope);
    const id = await this.#idOf(path);
    if (id === undefined) return;
    this.#heard.set(scope, { id, inode });
    const reader = new NoticeReader(scope, (index) => interfaceName(path, index));
    this.#readers.set(id, [...(this.#readers.get(id) ?? []), reader]);
  }

  async #idOf(path: string): Promise<number | undefined> {
    try {
      const fd = fdOf(path);
      try {
        return await this.#ear.hear(fd);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      // Whoever uses the sandbox will find out and say so.
      if (hasCode(error, 'SANDBOX_INVALID')) return undefined;
      throw error;
    }
  }

  /** Of a namespace that is going whoever uses it will find out. */
  #settings(scope: NetworkScope, keys: Iterable<string>): ReadonlyMap<string, string> | undefined {
    try {
      return readSettings(this.#namespaces.pathOf(scope), keys);
    } catch (error) {
      if (hasCode(error, 'SANDBOX_INVALID', 'PERMISSION_DENIED')) return undefined;
      throw error;
    }
  }

  #forget(scope: Inside): void {
    const heard = this.#heard.get(scope);
    if (heard === undefined) return;
    this.#heard.delete(scope);
    const left = this.#readers.get(heard.id)?.filter((reader) => reader.scope !== scope) ?? [];
    if (left.length > 0) this.#readers.set(heard.id, left);
    else this.#readers.delete(heard.id);
  }

  #tell(id: number, type: number, bytes: Buffer, at: number, end: number): void {
    for (const reader of this.#readers.get(id) ?? nobody) {
      if (this.#echo?.takes(type, bytes, at, end, reader.nameOf) === true) continue;
      const notices = reader.read({ type, body: bytes.subarray(at, end) });
      for (const notice of notices) this.#listener.onNotice(reader.scope, notice);
    }
  }

  #ended(id: number): void {
    for (const { scope } of this.#readers.get(id) ?? nobody) {
      this.#forget(scope);
      this.#listener.onNotice(scope, { kind: 'ended', scope });
    }
  }
}

const nobody: readonly NoticeReader[] = [];
