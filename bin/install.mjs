/** Brings `node_modules` to what `package-lock.json` says, and Node 24 with it. */
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const NODE_MIN = 20
const NODE_WANTED = 24
const OTHER_INSTALL_MS = 600_000

/** Where Node 24 is: from npm, or the machine's own where that is as new and npm has none for it. */
export function nodeProgram(root) {
  const fromNpm = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  return !existsSync(fromNpm) && major() >= NODE_WANTED ? process.execPath : fromNpm
}

/** Installs what is missing; safe when two processes do it at once. `dev`: also what only tests, demo and benchmarks need. */
export async function install(root, { dev }) {
  if (major() < NODE_MIN) throw new Error(`Node ${process.version} is too old: install Node ${NODE_MIN} or newer`)
  if (isInstalled(root, dev)) return
  const release = await lock(root)
  try {
    if (isInstalled(root, dev)) return
    if (!packagesMatch(root, dev)) {
      console.error('clarion: installing packages with npm (about 900 MB on disk, the embedded ClickHouse most of it) …')
      await installPackages(root)
    }
    ensureNode(root)
  } finally {
    release()
  }
}

function isInstalled(root, dev) {
  return packagesMatch(root, dev) && existsSync(nodeProgram(root))
}

/** npm writes down, as the last thing, what it installed; it must hold every package of the lock file that this machine needs. */
function packagesMatch(root, dev) {
  const wanted = readLock(join(root, 'package-lock.json'))
  const present = readLock(join(root, 'node_modules', '.package-lock.json'))
  if (!wanted || !present) return false
  return Object.entries(wanted).every(([path, { version, optional, devOptional, dev: devOnly }]) => {
    const needed = path !== '' && !optional && !devOptional && (dev || !devOnly)
    return !needed || present[path]?.version === version
  })
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch {
    return undefined
  }
}

/** The package `node` fetches its program in an install script, which npm may have been told not to run: then we run it. */
function ensureNode(root) {
  if (existsSync(nodeProgram(root))) return
  console.error(`clarion: fetching Node ${NODE_WANTED} …`)
  spawnSync(process.execPath, ['installArchSpecificPackage.js'], { cwd: join(root, 'node_modules', 'node'), stdio: ['ignore', 2, 2] })
  if (existsSync(nodeProgram(root))) return
  throw new Error(
    `npm did not bring Node ${NODE_WANTED} (package 'node'): allow its install script, or install Node ${NODE_WANTED} yourself`,
  )
}

/**
 * `npm ci`; and where it refuses only because the lock file names no version of packages that are for other machines (they are optional, and a
 * registry need not have them), `npm install` of the same lock file, which leaves them out.
 */
async function installPackages(root) {
  const flags = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const strict = await npm(root, ['ci', ...flags])
  if (strict.code === 0) return
  const complaints = strict.said.match(/(Missing|Invalid): .*/g) ?? []
  const onlyOtherMachines = complaints.length > 0 && complaints.every(line => /^Missing: \S+@ from lock file$/.test(line))
  const lenient = onlyOtherMachines ? await npm(root, ['install', '--no-save', ...flags]) : strict
  if (lenient.code === 0) return
  process.stderr.write(lenient.said)
  throw new Error('npm could not install the packages; it said why above')
}

function npm(root, args) {
  const byPath = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, [process.env.npm_execpath, ...args]] : ['npm', args]
  const child = spawn(...byPath, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => (said += text))
  return new Promise((resolve, reject) => {
    child.once('error', error => reject(new Error(`npm cannot be started: ${error.message}`)))
    child.once('close', code => resolve({ code, said }))
  })
}

/** One install at a time. A lock whose process has ended counts for nothing. */
async function lock(root) {
  mkdirSync(join(root, '.clarion'), { recursive: true })
  const path = join(root, '.clarion', 'installing.lock')
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
    if (!pid) return true // just created, its number not written yet
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function major() {
  return Number(process.versions.node.split('.')[0])
}
