import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { badStartOf } from '../bad-file.ts';
import { BadStart } from '../bad-start.ts';
import { openDriver, readOnlyUri } from './driver.ts';
import { JOB_COLUMNS } from './job-rows.ts';
import { checkVersion } from './schema-version.ts';

const HEADER = 'SQLite format 3\0'; // https://www.sqlite.org/fileformat.html, the first 16 bytes
const WRITE_BITS = 0o222;

/**
 * Checks that a path names a job database we can serve, and changes nothing, not even by side files. Throws a BadStart that
 * says what to do.
 */
export async function checkFile(path: string): Promise<void> {
  const shown = resolve(path);
  await checkFolder(dirname(shown), shown);
  await checkHeader(path, shown);
  const { version, dirty, missing } = await readVersion(path, shown);
  checkVersion(shown, version, dirty);
  if (missing.length > 0) {
    throw new BadStart(
      `${shown}: says that it has schema version ${version}, and its table job lacks ${missing.join(', ')}: it is no database of cc-backend, or was changed by hand`,
    );
  }
}

async function checkFolder(folder: string, shown: string): Promise<void> {
  const info = await stat(folder).catch((cause) => {
    throw new BadStart(`${folder}: the folder of the database does not exist: make it, or correct DB_URL`, { cause });
  });
  if (!info.isDirectory()) throw new BadStart(`${folder}: is no folder, so it cannot hold ${shown}: correct DB_URL`);
  await access(folder, constants.W_OK).catch((cause) => {
    throw new BadStart(`${folder}: cannot be written, and SQLite keeps its log beside the file: make it writable`, {
      cause,
      fault: 'read_only',
    });
  });
}

async function checkHeader(path: string, shown: string): Promise<void> {
  const kind = await stat(path).catch(() => undefined);
  // Opening a pipe would wait for somebody to write into it.
  if (kind?.isFile() === false) throw new BadStart(`${shown}: is no file: correct DB_URL`);
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') {
      throw new BadStart(
        `${shown}: no such file. 'cc-jobs migrate' makes a new database there, 'cc-jobs demo' one with demo jobs`,
        { cause },
      );
    }
    throw new BadStart(`${shown}: cannot be read (${cause.code}): correct its permissions or DB_URL`, { cause });
  });
  try {
    const info = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER.length), 0, HEADER.length, 0);
    if (bytesRead < HEADER.length || buffer.toString('latin1') !== HEADER) {
      throw new BadStart(
        `${shown}: is no SQLite database: correct DB_URL, or move the file away and run 'cc-jobs migrate'`,
      );
    }
    // A file without any write bit is meant to stay as it is, also where the superuser could write to it.
    if ((info.mode & WRITE_BITS) === 0) throw readOnly(shown);
    await access(path, constants.W_OK).catch((cause) => {
      throw readOnly(shown, cause);
    });
  } finally {
    await file.close();
  }
}

function readOnly(shown: string, cause?: unknown): BadStart {
  return new BadStart(`${shown}: is read-only: make the file and its folder writable, or serve a copy`, {
    cause,
    fault: 'read_only',
  });
}

/** Read-only, and `immutable` when there is no log: then SQLite leaves no side file behind. */
async function readVersion(path: string, shown: string) {
  const log = await stat(`${path}-wal`).catch(() => undefined);
  const db = openDriver(readOnlyUri(path, log === undefined || log.size === 0 ? '&immutable=1' : ''));
  try {
    const read = await db.prepare('SELECT version, CAST(dirty AS INTEGER) AS dirty FROM schema_migrations');
    const rows = await read.all([]);
    if (rows.length !== 1) {
      throw new BadStart(`${shown}: has no schema version: it is no job database. 'cc-jobs migrate' makes a new one`);
    }
    const columns = await (await db.prepare("SELECT name FROM pragma_table_info('job')")).all([]);
    const names = new Set(columns.map(({ name }: { name: unknown }) => name));
    const missing = ['id', ...JOB_COLUMNS].filter((name) => !names.has(name));
    return { version: Number(rows[0].version), dirty: Number(rows[0].dirty) !== 0, missing };
  } catch (error) {
    if (error instanceof BadStart) throw error;
    const why = error instanceof Error ? error.message : String(error);
    if (/no such table/.test(why)) {
      throw new BadStart(`${shown}: is no job database (it has no table schema_migrations): correct DB_URL`, {
        cause: error,
      });
    }
    throw (
      badStartOf(error, shown) ?? new BadStart(`${shown}: cannot be opened as a database (${why})`, { cause: error })
    );
  } finally {
    db.close();
  }
}
