import type { Topic } from './case.ts';
import { exhaustion, fixedAddresses } from './endpoints.ts';
import { auxiliaries, gateways, ranges, subnets } from './networks.ts';

/** All that is compared, in the order of the page. */
export const topics: readonly Topic[] = [subnets, ranges, gateways, auxiliaries, fixedAddresses, exhaustion];
