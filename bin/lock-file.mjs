/**
 * Reads `package-lock.json` and npm's list of installed packages, and compares the two. Each function takes the
 * `packages` of such a file, by path.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The packages of the lock file, or undefined without a readable one. */
export const readWanted = root => readPackages(join(root, 'package-lock.json'))

/** The packages in `node_modules`. npm writes this list last, so it is missing after an interrupted install. */
export const readPresent = root => readPackages(join(root, 'node_modules', '.package-lock.json'))

/**
 * Names of required packages that are missing, or not in the locked version. `dev`: including tests, demo and
 * benchmarks.
 */
export function missingPackages(wanted, present, { dev }) {
  return namesOf(wanted, present, entry => !entry.optional && (dev || !(entry.dev || entry.devOptional)))
}

/** Names of missing binaries for this machine. npm leaves them out without an error when a download fails. */
export function missingBinaries(wanted, present, { dev }) {
  return namesOf(wanted, present, entry => entry.optional && isBinaryForHere(entry) && (dev || !entry.dev))
}

/** Number of packages that npm downloads into an empty `node_modules` on this machine. */
export const countFitting = wanted =>
  Object.entries(wanted).filter(([path, entry]) => path !== '' && fitsHere(entry)).length

/**
 * The reasons why the required part of the lock file cannot be installed; empty when it can. Optional packages are
 * ignored: a lock file from another machine, or with another registry, may lack those of this one.
 */
export function lockFaults(manifest, wanted) {
  const faults = []
  const root = wanted[''] ?? {}
  for (const group of ['dependencies', 'devDependencies']) {
    const [asked, locked] = [manifest[group] ?? {}, root[group] ?? {}]
    for (const name of new Set([...Object.keys(asked), ...Object.keys(locked)])) {
      if (asked[name] !== locked[name])
        faults.push(`${name} is ${asked[name] ?? 'not'} in package.json and ${locked[name] ?? 'not'} in the lock file`)
    }
  }
  for (const [path, entry] of Object.entries(wanted)) {
    if (entry.optional) continue
    for (const name of requiredBy(entry))
      if (!resolves(wanted, path, name)) faults.push(`${name} is missing, ${nameOf(path)} needs it`)
  }
  return faults
}

/** Names of required packages that npm installed although the lock file does not list them. */
export const unlockedPackages = (wanted, present) =>
  Object.entries(present).filter(([path, { optional }]) => !optional && !wanted[path]).map(([path]) => nameOf(path)) // biome-ignore format: one thought

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch {
    return undefined
  }
}

function namesOf(wanted, present, isNeeded) {
  return Object.entries(wanted)
    .filter(([path, entry]) => path !== '' && isNeeded(entry) && present?.[path]?.version !== entry.version)
    .map(([path]) => nameOf(path))
}

/**
 * Packages with one variant per platform name the platform in the variant; packages without one are compiled locally.
 */
const isBinaryForHere = entry => Boolean(entry.os || entry.cpu) && fitsHere(entry)

const fitsHere = ({ os, cpu, libc }) =>
  allows(os, process.platform) && allows(cpu, process.arch) && allows(libc, libcOfHere())

/** `undefined` allows all; `!x` allows all but x. */
const allows = (list, here) =>
  !list || (!list.includes(`!${here}`) && list.some(each => each === here || each.startsWith('!')))

let libcHere
function libcOfHere() {
  if (process.platform !== 'linux') return undefined
  libcHere ??= process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl'
  return libcHere
}

const requiredBy = ({ dependencies = {}, devDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }) => [
  ...Object.keys(dependencies),
  ...Object.keys(devDependencies),
  ...Object.keys(peerDependencies).filter(name => !peerDependenciesMeta[name]?.optional),
]

/** Node's own look-up: in the package's `node_modules`, then in that of each parent folder. */
function resolves(wanted, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    if (wanted[folder ? `${folder}/node_modules/${name}` : `node_modules/${name}`]) return true
    if (folder === '') return false
  }
}

const nameOf = path => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length) || 'the project'
