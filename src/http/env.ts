import type { Context } from 'hono';
import type { Archive } from '../archive/port.ts';
import type { Clusters } from '../clusters/clusters.ts';
import type { Database } from '../db/port.ts';
import type { Deadline } from '../deadline.ts';
import type { Fault } from '../faults.ts';
import type { User } from '../jobs/roles.ts';
import type { Log } from '../log.ts';
import type { JobQuestions, QuestionIndex } from '../questions/ask.ts';
import type { SettingValues } from '../settings.ts';
import type { MemorySample, RefusedReport, RuntimeState } from '../system-state.ts';
import type { Assets, AssetTexts } from './assets.ts';
import type { ComparePassword } from './auth/passwords.ts';
import type { RefusalLog } from './errors/refusal-log.ts';
import type { RefusedReports } from './jobs/refused-reports.ts';
import type { TakeApart } from './json/large-bodies.ts';
import type { BodyBudget } from './limits/body-budget.ts';
import type { UnsentBytes } from './limits/unsent-bytes.ts';

/** What differs between the runtimes; an entry passes it to `createApp`. */
export interface Service {
  readonly settings: SettingValues;
  readonly db: Database;
  /** Answers questions about many jobs where it can. Undefined where there is no column index. */
  readonly index?: QuestionIndex | undefined;
  /** Undefined where there is no job archive: jobs then have neither statistics nor metric data. */
  readonly archive: Archive | undefined;
  readonly clusters: Clusters;
  /** Now, in Unix seconds; fractions are cut where whole seconds are wanted. */
  readonly clock: () => number;
  readonly log: Log;
  /** What the pages load. */
  readonly assets: AssetTexts;
  /** Signs sessions. Undefined: nobody can log in. */
  readonly sessionKey: string | undefined;
  /** Compares a password off this thread. Undefined: on it. */
  readonly comparePassword?: ComparePassword | undefined;
  /** What GET /api/system adds to the settings and the state of the database. */
  readonly system: () => RuntimeState;
  /** What is wrong although requests are answered, beyond what the database knows; for /healthz. */
  readonly degraded?: (() => readonly string[]) | undefined;
  /** The memory of the last minutes, the oldest sample first. Undefined where there are no processes. */
  readonly memoryHistory?: (() => readonly MemorySample[]) | undefined;
  /** Whether answers are compressed here; a Worker's runtime does it itself, and would do it once more. */
  readonly compresses: boolean;
  /**
   * Whether every request says when it ends. False where the runtime may drop one without a word, as a Worker's does when a client hangs
   * up: what it has taken of a limit is then given back when nothing has been heard of it for a while.
   */
  readonly hasSharedLimits: boolean;
  /** Takes large bodies apart off this thread. Undefined where there is no other: they may have fewer values then. */
  readonly takeApart?: TakeApart | undefined;
  /** Keeps the runtime from ending work that goes on behind an answer. Undefined where it does not. */
  readonly waitUntil?: (c: Context, work: Promise<unknown>) => void;
  /** Resolves when the answer has left this process, or its client has gone. Undefined where the runtime does not tell. */
  readonly whenSent?: ((c: Context) => Promise<void>) | undefined;
  /** Told that the app has found out who sends this request. */
  readonly identified?: ((c: Context) => void) | undefined;
  /** Told that the archive's files have to follow a change; what came of it is for the log. */
  readonly archiveChanged?: (() => void) | undefined;
  /** The peer's address as the runtime knows it: of the socket, or CF-Connecting-IP. '' when unknown. */
  readonly clientAddress: (c: Context) => string;
  /**
   * Destroys the connection of an answer that cannot be completed. Without one the body's stream fails, which makes a
   * runtime that streams do the same.
   */
  readonly cutConnection?: ((c: Context) => void) | undefined;
}

/** How a streamed answer ended: `cut` is our fault, `gone` the client's. */
export interface StreamEnd {
  outcome: 'complete' | 'cut' | 'gone';
  rows: number;
}

/** What a handler may use. */
export interface AppEnv {
  Variables: {
    service: Service;
    db: Database;
    jobs: JobQuestions;
    deadline: Deadline;
    user: User;
    log: Log;
    requestId: string;
    bodies: BodyBudget;
    held: UnsentBytes;
    assets: Assets;
    refusals: RefusalLog;
    refusedReports: RefusedReports;
    /** The job of a start or a stop. */
    reportedJob: Pick<RefusedReport, 'jobId' | 'cluster' | 'id'> | undefined;
    /** Whether a refused request gets lines in the log. */
    isLogged: boolean | undefined;
    /** What a request has done for good so far: part of the body should it fail later. */
    done: Readonly<Record<string, number>> | undefined;
    /** The fault that was answered, for the access log. */
    fault: Fault | undefined;
    /** True once the caller was answered although the handler had not ended: what it throws later is not answered. */
    givenUp: boolean | undefined;
    /** True where the answer lacks what only the job archive has, and there is none here. */
    lacksArchive: boolean | undefined;
    /** Set by an answer that goes on after its first byte; settles when it has ended. */
    streamed: Promise<StreamEnd> | undefined;
  };
}
