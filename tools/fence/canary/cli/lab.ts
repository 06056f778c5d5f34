import type { View } from '../agent/view.ts';
export type Canary = View;
