/** Jars of a program that is a baseline: fetched once for this machine, complete or not there. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fetchJars } from '../src/embedded/maven.ts'
import { cacheDirectory } from '../src/settings/config.ts'

/** The directory that they are in, after a download of those that the POM names. */
export async function fetchedJars(name: string, pom: string): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12)
  const directory = join(cacheDirectory(), `${name}-${hash}`)
  if (existsSync(directory)) return directory
  const draft = `${directory}.${process.pid}`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { recursive: true })
  await fetchJars({
    ...{ pom, directory: draft, jars: [] },
    logger: { info: message => console.error(message), warn: message => console.error(message) },
  })
  renameSync(draft, directory)
  return directory
}
