/**
 * The command that starts a sandbox: Node under its permission model, which lets it read its own files and nothing else,
 * with an empty environment. Where the system has the programs, it is in a network namespace of its own with no way out,
 * dies with its parent, and may use a minute of processor time.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const GUEST = fileURLToPath(new URL('./guest/', import.meta.url))
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const JOB = fileURLToPath(new URL('./job.ts', import.meta.url))
const PACKAGES = ['quickjs-emscripten-core', '@jitl/quickjs-wasmfile-release-sync', '@jitl/quickjs-ffi-types']
const HEAP_MB = 64
/** More than `CPU_MS_MAX`, after which the parent replaces it: this is for one that nobody watches any more. */
const CPU_SECONDS_MAX = 60
const PROBE_MS = 5_000

export interface Command {
  program: string
  args: string[]
}

let wrapping: string[] | undefined

export function confinedCommand(): Command {
  const readable = [GUEST, JOB, join(ROOT, 'package.json'), ...PACKAGES.map(directoryOf)]
  const node = [
    process.execPath,
    '--permission',
    ...readable.map(path => `--allow-fs-read=${path}`),
    `--max-old-space-size=${HEAP_MB}`,
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=SecurityWarning',
    join(GUEST, 'main.ts'),
  ]
  wrapping ??= wrappingHere()
  const [program, ...args] = [...wrapping, ...node]
  return { program: program!, args }
}

/** The package's own directory, which its entry may be deep in. */
function directoryOf(name: string): string {
  const entry = createRequire(import.meta.url).resolve(name)
  const own = join('node_modules', ...name.split('/')) + sep
  return entry.slice(0, entry.lastIndexOf(own) + own.length)
}

function wrappingHere(): string[] {
  if (process.platform === 'win32') return []
  const limited = ['/bin/sh', '-c', `ulimit -t ${CPU_SECONDS_MAX}; ulimit -c 0; exec "$@"`, 'sandbox']
  const unshare = found('unshare')
  const setpriv = found('setpriv')
  const apart = unshare === undefined ? [] : [unshare, '--user', '--map-current-user', '--net']
  const dying = setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL']
  for (const each of [[...apart, ...dying], dying]) if (each.length > 0 && works(each)) return [...each, ...limited]
  return limited
}

const found = (name: string): string | undefined =>
  ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].map(directory => join(directory, name)).find(path => existsSync(path))

/** A container may forbid namespaces. */
function works([program, ...args]: string[]): boolean {
  const probe = spawnSync(program!, [...args, '/bin/sh', '-c', ':'], { stdio: 'ignore', timeout: PROBE_MS, env: {} })
  return probe.status === 0
}
