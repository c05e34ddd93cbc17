/**
 * The files of a build of the console, kept in memory: a page, and assets whose names carry their hash. A build that
 * ends while the process runs is noticed by the file that it writes last.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Clock } from '../../clock.ts'

/** Written last, with the hash of what was built; see `bin/console.mjs`. */
const MARK = 'built-from'
/** The reason of a build that failed, in words. */
const FAILURE = 'failed'
const CHECK_MS = 1_000

export interface Asset {
  contentType: string
  plain: Buffer
  /** Absent: the file was too small to gain by it, or is compressed by itself. */
  gzip: Buffer | undefined
  brotli: Buffer | undefined
}

export interface ConsoleBuild {
  /** Changes with each build. */
  mark: string
  page: Buffer
  assets: ReadonlyMap<string, Asset>
}

/** `reason`: of the build that failed; null: it has not ended yet. */
export type BuildState = { build: ConsoleBuild } | { build: undefined; reason: string | null }

const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
}

export function createBuildFiles({ directory, clock }: { directory: string; clock: Clock }): () => Promise<BuildState> {
  let loaded: { mtimeMs: number; build: ConsoleBuild } | undefined
  let checkedMs = Number.NEGATIVE_INFINITY
  let checking: Promise<void> | undefined

  async function check(): Promise<void> {
    const found = await stat(join(directory, MARK)).catch(() => undefined)
    if (found === undefined || found.mtimeMs === loaded?.mtimeMs) return
    const build = await readBuild(directory).catch(() => undefined)
    if (build !== undefined) loaded = { mtimeMs: found.mtimeMs, build }
  }

  return async () => {
    const nowMs = clock.monotonicMs()
    if (nowMs - checkedMs >= CHECK_MS) {
      checkedMs = nowMs
      checking = check()
    }
    await checking
    if (loaded !== undefined) return { build: loaded.build }
    return { build: undefined, reason: await readFile(join(directory, FAILURE), 'utf8').catch(() => null) }
  }
}

async function readBuild(directory: string): Promise<ConsoleBuild> {
  const folder = join(directory, 'assets')
  const names = new Set(await readdir(folder))
  const assets = new Map<string, Asset>()
  for (const name of names) {
    const contentType = TYPES[extname(name)]
    if (contentType === undefined) continue
    const compressed = (ending: string) =>
      names.has(name + ending) ? readFile(join(folder, name + ending)) : Promise.resolve(undefined)
    const [plain, gzip, brotli] = await Promise.all([
      readFile(join(folder, name)),
      compressed('.gz'),
      compressed('.br'),
    ])
    assets.set(name, { contentType, plain, gzip, brotli })
  }
  const [mark, page] = await Promise.all([
    readFile(join(directory, MARK), 'utf8'),
    readFile(join(directory, 'index.html')),
  ])
  return { mark: mark.trim(), page, assets }
}
