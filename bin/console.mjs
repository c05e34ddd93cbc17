#!/usr/bin/env node
/**
 * Builds the web console, or runs its development server: `node bin/console.mjs build | dev`. A build is keyed by the
 * hash of what it is made from, so the second one costs a hash. `npm start` runs it beside the platform.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { lockInstall, nodeProgram } from './install.mjs'
import { countFitting, missingPackages, readPresent, readWanted } from './lock-file.mjs'
import { npmFailure, runNpm } from './npm.mjs'

const SOURCES = ['src', 'index.html', 'package-lock.json', 'tsconfig.json', 'vite.config.ts']
/** An open tab loads parts of the build that it came from for so long. */
const KEEP_OLD_MS = 24 * 3_600_000
const COMPRESSED = new Set(['.js', '.css', '.svg'])
const SMALLEST_BYTES = 1_000

/** The hash of everything that the console is built from. */
export function consoleHash(root) {
  const folder = join(root, 'console')
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)))
  for (const file of SOURCES.flatMap(name => filesOf(join(folder, name))))
    hash
      .update(`${relative(folder, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  return hash.digest('hex')
}

function filesOf(path) {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap(name => filesOf(join(path, name)))
}

/** Whether `console/` is there at all, and whether its build is missing or older than its sources. */
export function needsBuild(root) {
  if (!existsSync(join(root, 'console', 'src'))) return false
  const mark = join(root, 'console', 'dist', 'built-from')
  return !existsSync(mark) || readFileSync(mark, 'utf8').trim() !== consoleHash(root)
}

/** Installs what is missing, builds, compresses. Safe when two processes do it at once. Throws with the reason. */
export async function buildConsole(root, { quiet = false } = {}) {
  if (!needsBuild(root)) return
  const release = await lockInstall(root, 'building-console.lock')
  try {
    if (!needsBuild(root)) return
    const hash = consoleHash(root)
    await installPackages(root)
    const next = join(root, 'console', '.next')
    rmSync(next, { recursive: true, force: true })
    await vite(root, ['build', '--outDir', next, '--emptyOutDir'], quiet)
    await compress(join(next, 'assets'))
    publish(next, join(root, 'console', 'dist'), hash)
  } finally {
    release()
  }
}

async function installPackages(root) {
  const folder = join(root, 'console')
  const wanted = readWanted(folder)
  if (!wanted) throw new Error('console/package-lock.json is missing or cannot be read')
  if (missingPackages(wanted, readPresent(folder), { dev: true }).length === 0) return
  const result = await runNpm(folder, ['ci', '--include=dev'], { packages: countFitting(wanted) })
  if (result.code !== 0) throw npmFailure(result)
}

/**
 * Runs vite on Node 24 with the lowest priority: the platform that starts beside it comes first. A build is for use
 * whatever the environment says: in a test's, React would make each call twice.
 */
function vite(root, args, quiet) {
  const folder = join(root, 'console')
  const program = join(folder, 'node_modules', 'vite', 'bin', 'vite.js')
  const child = spawn(nodeProgram(root), [program, ...args], {
    env: args[0] === 'build' ? { ...process.env, NODE_ENV: 'production' } : process.env,
    cwd: folder,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 2, 2],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', text => (said = (said + text).slice(-4_000)))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => (code === 0 ? resolve() : reject(new Error(`vite ended with ${code}: ${said}`))))
  })
}

async function compress(folder) {
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name))
    if (!COMPRESSED.has(extname(name)) || bytes.length < SMALLEST_BYTES) continue
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
    writeFileSync(join(folder, `${name}.br`), await promisify(brotliCompress)(bytes, { params }))
    writeFileSync(join(folder, `${name}.gz`), await promisify(gzip)(bytes, { level: 9 }))
  }
}

/** The mark comes last: a process that serves the build reads the rest when the mark changes. */
function publish(next, dist, hash) {
  const assets = join(dist, 'assets')
  mkdirSync(assets, { recursive: true })
  const fresh = new Set(readdirSync(join(next, 'assets')))
  for (const name of readdirSync(assets))
    if (!fresh.has(name) && Date.now() - statSync(join(assets, name)).mtimeMs > KEEP_OLD_MS) rmSync(join(assets, name))
  cpSync(join(next, 'assets'), assets, { recursive: true })
  renameSync(join(next, 'index.html'), join(dist, 'index.html'))
  rmSync(join(dist, 'failed'), { force: true })
  writeFileSync(join(dist, 'built-from.next'), hash)
  renameSync(join(dist, 'built-from.next'), join(dist, 'built-from'))
  rmSync(next, { recursive: true, force: true })
}

/** For the start: says what it does, and leaves the reason where the api shows it. Never throws. */
export async function buildInBackground(root) {
  const dist = join(root, 'console', 'dist')
  try {
    if (!needsBuild(root)) return
    console.error('clarion: building the web console beside the platform (some 100 MB of packages, once) …')
    rmSync(join(dist, 'failed'), { force: true })
    await buildConsole(root, { quiet: true })
    console.error('clarion: the web console is built')
  } catch (error) {
    console.error(`clarion: the web console could not be built (${error.message}); the platform runs without it`)
    mkdirSync(dist, { recursive: true })
    writeFileSync(join(dist, 'failed'), error.message)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)))
  const [, , command, ...rest] = process.argv
  try {
    if (command === 'build') await buildConsole(root)
    else if (command === 'background') await buildInBackground(root)
    else if (command === 'dev') await installPackages(root).then(() => vite(root, ['--clearScreen', 'false', ...rest]))
    else throw new Error(`there is no command '${command ?? ''}'; the commands are build and dev`)
  } catch (error) {
    console.error(`clarion: ${error.message}`)
    process.exit(1)
  }
}
