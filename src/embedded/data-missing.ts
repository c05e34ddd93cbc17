/** Files that are missing from a data directory although other files depend on them. */
import { join } from 'node:path'
import { tablesFile } from './clickhouse.ts'
import { adviceFor } from './data-files.ts'
import { logProblems } from './kafka-log-check.ts'
import { formattedDraft, kafkaCredentials } from './kafka-storage.ts'
import { keysFile } from './keys.ts'
import { entriesOf, pathExists } from './stored-files.ts'

export interface DataUse {
  dataDir: string
  /** The embedded parts. */
  kafka: boolean
  clickhouse: boolean
  /** Whether the operator key or the secret key comes from the directory. */
  keys: boolean
}

/** In sentences. Everything in the directory is readable. */
export const missingData = (use: DataUse): string[] => [
  ...keyProblems(use),
  ...kafkaProblems(use),
  ...clickHouseProblems(use),
]

/** Checked also for a process that joins others: keys of its own would differ from theirs. */
function keyProblems({ dataDir, keys }: DataUse): string[] {
  const { path, advice } = keysFile(dataDir)
  if (!keys || pathExists(path) || !holdsSomething(join(dataDir, 'kafka', 'data'))) return []
  return [`${path} is missing, though there is a log in ${join(dataDir, 'kafka', 'data')}. ${advice}`]
}

function kafkaProblems({ dataDir, kafka, clickhouse }: DataUse): string[] {
  if (!kafka) return []
  const directory = join(dataDir, 'kafka')
  const data = join(directory, 'data')
  const credentials = kafkaCredentials(directory)
  const advice = adviceFor('kafka/data/')
  if (!pathExists(directory))
    return clickhouse && pathExists(tablesFile(dataDir).path)
      ? [
          `${directory} is missing, though its history is there. ${advice} To begin with an empty log, make an empty directory in its place.`,
        ]
      : []
  if (!pathExists(credentials.path))
    return holdsSomething(data)
      ? [`${credentials.path} is missing, though there is a log in ${data}. ${credentials.advice}`]
      : []
  if (!holdsSomething(data))
    return formattedDraft(directory)
      ? []
      : [`${data} is missing or empty, though ${credentials.path} says that it was made. ${advice} ${ANEW}`]
  return logProblems(data, advice)
}

const ANEW = 'To begin anew, move the whole data directory away.'

function clickHouseProblems({ dataDir, kafka, clickhouse }: DataUse): string[] {
  if (!clickhouse) return []
  const directory = join(dataDir, 'clickhouse')
  const data = join(directory, 'data')
  const advice = adviceFor('clickhouse/data/')
  if (!pathExists(directory))
    return kafka && pathExists(kafkaCredentials(join(dataDir, 'kafka')).path)
      ? [
          `${directory} is missing, though there is a log. ${advice} To go on without the history, make an empty directory in its place.`,
        ]
      : []
  if (!pathExists(tablesFile(dataDir).path)) return []
  const lacking = ['metadata', 'store'].filter(name => !pathExists(join(data, name)))
  if (lacking.length === 0) return []
  const what = lacking.map(name => join(data, name)).join(' and ')
  return [
    `${what} ${lacking.length > 1 ? 'are' : 'is'} missing, though there were tables. ${advice} To go on without the history, move ${directory} away and make an empty directory in its place.`,
  ]
}

const holdsSomething = (path: string): boolean => entriesOf(path).length > 0
