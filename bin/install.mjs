/** Installs `node_modules` according to `package-lock.json`, and Node 24 with it. */
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  countFitting,
  lockFaults,
  missingBinaries,
  missingPackages,
  readPresent,
  readWanted,
  unlockedPackages,
} from './lock-file.mjs'
import { isNetworkFailure, npmFailure, runNpm } from './npm.mjs'

const NODE_MIN = 20
const NODE_WANTED = 24
const OTHER_INSTALL_MS = 600_000
const NUMBER_WRITTEN_MS = 5_000

/** Path of Node 24: npm's package, or the machine's own Node if it is new enough and npm has none for it. */
export function nodeProgram(root) {
  const fromNpm = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  return !existsSync(fromNpm) && major() >= NODE_WANTED ? process.execPath : fromNpm
}

/**
 * Installs missing packages; safe when two processes do it at once. `dev`: also packages for tests, demo and
 * benchmarks.
 */
export async function install(root, { dev }) {
  if (major() < NODE_MIN) throw new Error(`Node ${process.version} is too old: install Node ${NODE_MIN} or newer`)
  if (isInstalled(root, dev)) return
  const release = await lockInstall(root)
  try {
    if (isInstalled(root, dev)) return
    const { packages, binaries } = missing(root, dev)
    if (packages.length > 0 || binaries.length > 0) await installPackages(root, packages.length > 0)
    ensureNode(root)
    reportBinaries(root, dev)
  } finally {
    release()
  }
}

function isInstalled(root, dev) {
  const { packages, binaries } = missing(root, dev)
  return packages.length === 0 && binaries.length === 0 && existsSync(nodeProgram(root))
}

function missing(root, dev) {
  const wanted = readWanted(root)
  if (!wanted)
    throw new Error(
      'package-lock.json is missing or cannot be read: take it from the repository again (git checkout package-lock.json)',
    )
  const present = readPresent(root)
  return { packages: missingPackages(wanted, present, { dev }), binaries: missingBinaries(wanted, present, { dev }) }
}

/**
 * `npm ci`; if it refuses the lock file because of optional packages only, `npm install` of the same lock file.
 * Optional packages are for other machines, and a registry need not serve them; required packages are compared with the
 * lock file before and after, whatever npm reports.
 */
async function installPackages(root, fromScratch) {
  const startedMs = performance.now()
  console.error('clarion: installing packages with npm (about 1.1 GB on disk, the embedded ClickHouse most of it) …')
  const wanted = readWanted(root)
  const size = { packages: countFitting(wanted) }
  const strict = fromScratch ? await runNpm(root, ['ci', '--include=dev'], size) : undefined
  if (strict?.code !== 0) {
    if (strict && isNetworkFailure(strict)) throw npmFailure(strict)
    refuse(lockFaults(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')), wanted))
    const lenient = await runNpm(root, ['install', '--no-save', '--include=dev'], size)
    if (lenient.code !== 0) throw npmFailure(lenient)
    refuse(deviations(wanted, readPresent(root) ?? {}))
  }
  console.error(`clarion: the packages are installed, ${Math.round((performance.now() - startedMs) / 1000)} s`)
}

const deviations = (wanted, present) => [
  ...missingPackages(wanted, present, { dev: true }).map(name => `${name} cannot be had in the locked version`),
  ...unlockedPackages(wanted, present).map(name => `${name} is missing`),
]

function refuse(faults) {
  if (faults.length === 0) return
  throw new Error(
    `package-lock.json does not fit package.json:\n${faults.map(fault => `  - ${fault}`).join('\n')}\nBring it up to date with \`npm install\` and commit it, or take both files from the repository again.`,
  )
}

/** Not an error: most are for tests only, and with CLICKHOUSE_URL the embedded ClickHouse is not needed. */
function reportBinaries(root, dev) {
  const { binaries } = missing(root, dev)
  if (binaries.length === 0) return
  console.error(
    `clarion: npm did not bring ${binaries.join(', ')}, made for this machine: its registry does not serve ${binaries.length > 1 ? 'them' : 'it'}, or the network failed. The next start tries again.`,
  )
}

/**
 * The package `node` downloads its program in an install script, which npm may be configured to skip: then it is run
 * here.
 */
function ensureNode(root) {
  if (existsSync(nodeProgram(root))) return
  console.error(`clarion: fetching Node ${NODE_WANTED} (about 50 MB) …`)
  spawnSync(process.execPath, ['installArchSpecificPackage.js'], {
    cwd: join(root, 'node_modules', 'node'),
    stdio: ['ignore', 2, 2],
  })
  if (existsSync(nodeProgram(root))) return
  throw new Error(
    `npm did not bring Node ${NODE_WANTED} (package 'node'). Check the network and run the command again, or install Node ${NODE_WANTED} yourself`,
  )
}

/**
 * One install at a time, or one of another kind of work with packages that has its own name. A lock whose process has
 * ended is ignored.
 */
export async function lockInstall(root, name = 'installing.lock') {
  mkdirSync(join(root, '.clarion'), { recursive: true })
  const path = join(root, '.clarion', name)
  const deadline = performance.now() + OTHER_INSTALL_MS
  for (let told = false; performance.now() < deadline; told = true) {
    try {
      const file = openSync(path, 'wx')
      writeSync(file, String(process.pid))
      closeSync(file)
      return () => rmSync(path, { force: true })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (!told) console.error('clarion: waiting for another process that installs packages …')
    if (!ownerLives(path)) rmSync(path, { force: true })
    await pause(250)
  }
  throw new Error(`another process seems to install packages for ever; if not, delete ${path}`)
}

function ownerLives(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    // Just created, and its pid not yet written; or never to be, because its process was killed or the disk was full.
    if (!pid) return Date.now() - statSync(path).mtimeMs < NUMBER_WRITTEN_MS
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function major() {
  return Number(process.versions.node.split('.')[0])
}
