import { z } from 'zod';
export const canary = z.string();
