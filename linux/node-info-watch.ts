import type { Listener } from './netlink/listener.ts';
import { listenHere } from './netlink/listener.ts';

/**
 * Calls `onChange` soon after an interface or an address of the node may have changed: once for many changes, and also when
 * notices were lost. The listener reads again and compares. Works in the namespace in which the calling thread stands.
 */
export function watchUnderlay(onChange: () => void): Listener {
  let waiting = false;
  let open = true;
  const wake = (): void => {
    if (waiting) return;
    waiting = true;
    setImmediate(() => {
      waiting = false;
      if (open) onChange();
    });
  };
  const listener = listenHere({ groups: ['link', 'address4', 'address6'], onNotice: wake, onOverrun: wake });
  return {
    close: () => {
      open = false;
      listener.close();
    },
  };
}
