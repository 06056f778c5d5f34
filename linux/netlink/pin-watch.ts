import { watch, type FSWatcher } from 'node:fs';
import type { NetworkId } from '../../model/network.ts';
import { networkScope, type NetworkScope } from '../objects/scope.ts';

/** Looks at the directory in which our namespaces are pinned (inotify). */
export interface PinWatch extends Disposable {
  /** Begins to look, if it does not yet: the directory may have come into being with the first pin. */
  arm(): void;
}

/**
 * Calls back when a pin of a name like ours came or went, whoever did it. The end of a mount alone has no notice: a pin that was
 * unmounted and whose file stays is found by those who read settings in turn.
 */
export function watchPins(directory: string, onChange: (scope: NetworkScope) => void): PinWatch {
  let watcher: FSWatcher | undefined;
  let open = true;
  const end = (): void => {
    watcher?.close();
    watcher = undefined;
  };
  const arm = (): void => {
    if (watcher !== undefined || !open) return;
    try {
      watcher = watch(directory, { persistent: false }, (_, name) => {
        const id = /^weft-([0-9a-f]{16})$/.exec(name ?? '')?.[1];
        if (id !== undefined) onChange(networkScope(id as NetworkId));
      });
      watcher.on('error', end);
    } catch {
      // It is not there yet, or nothing more can be watched on this machine: then comparing finds it.
    }
  };
  arm();
  return {
    arm,
    [Symbol.dispose]: () => {
      open = false;
      end();
    },
  };
}
