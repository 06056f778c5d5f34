import type { Mac } from '../model/mac.ts';
import type { Sysctl } from './objects/ip-config.ts';
import type { LinuxObject } from './objects/object.ts';
import type { NetworkScope, SandboxScope } from './objects/scope.ts';

/**
 * What a kernel says when something changes, whoever changed it: we ourselves, somebody else, or the kernel. A reason to look,
 * never the truth: it is old when it is read, and some changes have no notice.
 */
export type Notice =
  /** The object is so now. A port says nothing of its other end, which is `unknownSandbox`. */
  | { readonly kind: 'holds'; readonly object: LinuxObject }
  /** Nothing has the object's key now; the object is as it was. */
  | { readonly kind: 'lost'; readonly object: LinuxObject }
  /** What a bridge does with frames at a port now; undefined: the device is no port any more. */
  | {
      readonly kind: 'port';
      readonly scope: NetworkScope;
      readonly name: string;
      /** `odd`: any other option is not as we make it. */
      readonly flags:
        { readonly learning: boolean; readonly flood: boolean; readonly odd: boolean } | undefined;
    }
  /** An interface of a sandbox, ours or not; undefined: it is gone, or has another name. */
  | {
      readonly kind: 'interface';
      readonly scope: SandboxScope;
      readonly name: string;
      readonly state: { readonly mac: Mac; readonly mtu: number; readonly up: boolean } | undefined;
    }
  /** A sandbox has come to its end, or a namespace of ours is not pinned any more. */
  | { readonly kind: 'ended'; readonly scope: NetworkScope | SandboxScope };

/** Who is told of changes. Called in the event loop, one notice after another, in the order of the changes of one namespace. */
export interface NoticeListener {
  /** `scope`: the namespace where it happened. */
  onNotice(scope: NetworkScope | SandboxScope, notice: Notice): void;
  /** Notices were lost: nobody knows of which namespace. */
  onOverrun(): void;
}

/** Hears of all network namespaces of ours that are pinned, from their first use on, and of the sandboxes that were named. */
export interface Hearing {
  /** Of these sandboxes too, from now on and until they end. One that is gone is left out; naming one again costs next to nothing. */
  hear(sandboxes: Iterable<SandboxScope>): Promise<void>;
  /**
   * These settings of a namespace of ours have these values: another one is told within about a second, also where the kernel gives
   * no notice of it; with more than some twenty namespaces it takes longer. In place of what was minded there; none: nothing is.
   */
  mind(scope: NetworkScope, settings: readonly Sysctl[]): void;
  /** Tells at once what is waiting to be told. */
  drain(): void;
  /** Nothing is told afterwards. */
  close(): void;
}
