import { resolve } from 'node:path';
import { type Logger, pino } from 'pino';
import { checkArchive } from '../archive/version-and-clusters.ts';
import type { FrontendFiles } from '../cc-frontend/files.ts';
import type { Settings } from '../settings-by-deployment.ts';
import type { Sizing } from '../system-state-types.ts';
import { readFrontend } from './cc-frontend-folder.ts';
import { type DatabaseTarget, databaseTarget } from './database-target.ts';
import { LogRing } from './log-ring.ts';
import { sizeFor, thisMachine } from './memory-sizing.ts';
import { type Prepared, prepare } from './reloaded-parts.ts';
import { stderrLines } from './stderr-lines.ts';

/** What follows from the settings, before anything is written or listened on. */
export interface Plan {
  sizing: Sizing;
  place: DatabaseTarget;
  archiveRoot: string;
  /** Undefined without FRONTEND_PATH. */
  frontend: FrontendFiles | undefined;
  prepared: Prepared;
  recentLog: LogRing;
  log: Logger;
}

/** Throws StartupError. */
export async function planOf(settings: Settings): Promise<Plan> {
  const { values } = settings;
  const stderr = stderrLines();
  const recentLog = new LogRing();
  const write = (line: string) => {
    stderr.write(line);
    recentLog.add(line);
  };
  const log = pino({ level: values.LOG_LEVEL, base: null }, values.FRONTEND_PATH === undefined ? stderr : { write });
  const sizing = sizeFor(values, thisMachine());
  const place = await databaseTarget(values);
  const archiveRoot = resolve(values.ARCHIVE_PATH);
  await checkArchive(archiveRoot, { mark: false }); // a refused startup writes nothing
  const frontend = values.FRONTEND_PATH === undefined ? undefined : await readFrontend(values.FRONTEND_PATH);
  const prepared = await prepare(settings, archiveRoot);
  return { sizing, place, archiveRoot, frontend, prepared, recentLog, log };
}
