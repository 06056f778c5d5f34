import {
  bridgeOptions,
  portOptions,
  vxlanOptions,
  type DeviceOption,
} from './netlink/codec/device-options.ts';
import { changeTable } from './plan/change-table.ts';

/** Something of what an earlier life has left in the kernel that this one may want otherwise. */
export interface Adoption {
  /** The kind of object; `port`: what the bridge does at `vxlan0` or at an endpoint's port. */
  readonly of: string;
  readonly attribute: string;
  /**
   * - `in place`: the kernel object lives on, and what stands on it.
   * - `replace`: it is deleted and made anew, with everything that stands on it.
   * - `left alone`: it is whatever it is.
   */
  readonly how: 'in place' | 'replace' | 'left alone';
  readonly why: string;
}

/** Says what an object is: another one is another object. */
const names: readonly Adoption[] = [
  ...['bridge', 'vxlan', 'veth'].map((of): Adoption => {
    const why = 'A device of another name is not ours to keep: it goes, and ours is made.';
    return { of, attribute: 'name', how: 'replace', why };
  }),
  {
    of: 'route',
    attribute: 'metric',
    how: 'replace',
    why: 'Routes of one prefix with two metrics are two routes.',
  },
  {
    of: 'vxlan',
    attribute: 'mac',
    how: 'left alone',
    why: 'No frame bears the MAC of the tunnel device: those of endpoints go through it as they are.',
  },
  {
    of: 'veth',
    attribute: 'mac',
    how: 'left alone',
    why: 'Nor that of the end of a pair that is a port; the other end has that of the endpoint.',
  },
  ...['learning', 'flood'].map((attribute): Adoption => {
    return { of: 'port', attribute, how: 'in place', why: 'A flag of the port is for the next frame.' };
  }),
];

/**
 * What is done about every attribute that is found otherwise than wanted, by whatever hand. The planner goes by the same tables:
 * `changeTable`, and the options that the door to the kernel knows.
 */
export const adoptions: readonly Adoption[] = [
  ...Object.entries(changeTable).flatMap(([of, attributes]) =>
    attributes.map(({ name, how, why }): Adoption => ({ of, attribute: name, how, why })),
  ),
  ...ofOptions('bridge', bridgeOptions),
  ...ofOptions('vxlan', vxlanOptions),
  ...ofOptions('port', portOptions),
  ...names,
];

/** Some have a number for each family of addresses. */
function ofOptions(of: string, options: readonly DeviceOption[]): readonly Adoption[] {
  const byName = new Map(options.map((option) => [option.name, option]));
  return [...byName.values()].map(({ name, how, why }) => ({ of, attribute: name, how, why }));
}
