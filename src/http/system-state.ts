import type { Context } from 'hono';
import { z } from 'zod';
import { SECRETS, type SettingName, type SettingValues } from '../settings.ts';
import type { AppEnv } from './env.ts';

/** What is in force and what runs; secrets are not shown. */
export function systemState(c: Context<AppEnv>) {
  const { service, db } = c.var;
  return { settings: shown(service.settings), database: db.status(), ...service.system() };
}

function shown(settings: SettingValues): Record<string, unknown> {
  const entries = Object.entries(settings) as [SettingName, unknown][];
  return Object.fromEntries(
    entries.map(([name, value]) => [name, SECRETS.has(name) && value !== undefined ? 'set, not shown' : value]),
  );
}

const Process = z.looseObject({
  pid: z.number(),
  role: z.string().default('parent'),
  state: z.string().default('serving'),
  doing: z.object({ name: z.string(), ms: z.number() }).optional(),
  rssMb: z.number(),
  ageSec: z.number(),
  queries: z.number().optional(),
});
const Counters = z.record(z.string(), z.number());

/** The same as a page needs it: what a runtime does not have is left out. */
export const ShownSystem = z.looseObject({
  settings: z.record(z.string(), z.unknown()),
  sources: z.record(z.string(), z.string()).default({}),
  notApplied: z.array(z.string()).default([]),
  database: z.looseObject({
    alive: z.boolean(),
    degraded: z.array(z.string()).default([]),
    queued: z.number(),
    processes: z.array(Process),
    counters: Counters,
    replica: z.record(z.string(), z.unknown()).optional(),
    server: z.record(z.string(), z.unknown()).optional(),
    columns: z.record(z.string(), z.unknown()).optional(),
  }),
  archive: z.looseObject({ processes: z.array(Process), counters: Counters }).optional(),
  bodies: z.looseObject({ processes: z.array(Process), counters: Counters }).optional(),
  parent: Process.extend({
    eventLoopLagMs: z.object({ p50: z.number(), p99: z.number(), max: z.number() }).optional(),
  }).optional(),
  sizing: z
    .looseObject({
      limitMb: z.number(),
      machine: z.object({ memoryMb: z.number(), source: z.string() }),
      parentMb: z.number(),
      archiveMb: z.number(),
      columnsMb: z.number(),
      processes: z.number(),
      connection: z.record(z.string(), z.number()),
      notes: z.array(z.string()),
    })
    .optional()
    .catch(undefined),
  timedWork: z.array(z.record(z.string(), z.unknown())).default([]),
});
export type ShownSystem = z.output<typeof ShownSystem>;
export type ShownProcess = z.output<typeof Process>;
