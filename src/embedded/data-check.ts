/**
 * Checks a data directory before anything starts in it. An unreadable file stops the start, and so does a missing file
 * that another file depends on; it is not created again, because the dependent data would be lost.
 */
import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { portsFile } from './child-service.ts'
import { clickHouseCredentials, tablesFile } from './clickhouse.ts'
import { adviceFor, DATA_FILES } from './data-files.ts'
import { type DataUse, missingData } from './data-missing.ts'
import { kafkaCredentials } from './kafka-storage.ts'
import { keyIdsFile, keysFile } from './keys.ts'
import { childFile, lockFile } from './part-directory.ts'
import { entriesOf, pathExists, readStored, type StoredFile, systemReason } from './stored-files.ts'

/** In sentences, each with the file's dependents and the way to restore it; empty when there are none. */
export function dataProblems(use: DataUse): string[] {
  const problems = [...keptFiles(use).flatMap(file => problemOf(() => void readStored(file))), ...kindProblems(use)]
  // Dependencies are checked once everything can be read.
  return problems.length > 0 ? problems : missingData(use)
}

function keptFiles({ dataDir, kafka, clickhouse, keys }: DataUse): StoredFile<unknown>[] {
  const common = (part: string) => {
    const directory = join(dataDir, part)
    return [lockFile(join(directory, 'owner.lock')), childFile(directory)]
  }
  return [
    ...(keys ? [keysFile(dataDir)] : []),
    ...(kafka
      ? [kafkaCredentials(join(dataDir, 'kafka')), keyIdsFile(dataDir), portsFile(join(dataDir, 'kafka'), 3)]
      : []),
    ...(kafka ? common('kafka') : []),
    ...(clickhouse
      ? [
          clickHouseCredentials(join(dataDir, 'clickhouse')),
          tablesFile(dataDir),
          portsFile(join(dataDir, 'clickhouse'), 1),
        ]
      : []),
    ...(clickhouse ? common('clickhouse') : []),
  ]
}

/** Written at each start, and never read. */
const WRITTEN = ['kafka/server.properties', 'clickhouse/server.json', 'clickhouse/server.log']
/** Directories that contain files only. */
const FLAT = ['kafka/logs/', 'leases/']

/** Existing files of the wrong kind. */
function kindProblems({ dataDir, kafka, clickhouse }: DataUse): string[] {
  const isUsed = (path: string) =>
    (kafka || !path.startsWith('kafka/')) &&
    (clickhouse || !path.startsWith('clickhouse/')) &&
    // PostgreSQL starts later, and whatever is wrong there keeps only tables away.
    !path.startsWith('postgres/')
  const directories = ['kafka/', 'clickhouse/', ...DATA_FILES.map(({ path }) => path)].filter(
    path => path.endsWith('/') && isUsed(path),
  )
  return [
    ...directories.flatMap(path => directoryProblem(join(dataDir, path.slice(0, -1)), path)),
    ...WRITTEN.filter(isUsed).flatMap(path => fileProblem(join(dataDir, path), adviceFor(path))),
    ...FLAT.filter(isUsed).flatMap(path =>
      entriesOf(join(dataDir, path)).flatMap(name => fileProblem(join(dataDir, path, name), adviceFor(path))),
    ),
  ]
}

function directoryProblem(path: string, row: string): string[] {
  if (!pathExists(path)) return []
  const advice = DATA_FILES.some(each => each.path === row) ? adviceFor(row) : adviceFor(`${row}data/`)
  return problemOf(
    () => void readdirSync(path),
    reason => `${path} exists and cannot be read as a directory: ${reason}. ${advice}`,
  )
}

function fileProblem(path: string, advice: string): string[] {
  const check = () => {
    if (!pathExists(path)) return
    if (!statSync(path).isFile()) throw new Error('it is none')
    accessSync(path, constants.R_OK | constants.W_OK)
  }
  return problemOf(check, reason => `${path} cannot be used as a file: ${reason}. ${advice}`)
}

function problemOf(check: () => void, sentence = (reason: string) => reason): string[] {
  try {
    check()
    return []
  } catch (error) {
    return [sentence(systemReason(error))]
  }
}
