/**
 * Where the platform is, and who calls: an option, else the environment, else `.clarion.json` of the folder, else a
 * profile of the user. Keys are never read from the folder, since that file is committed.
 */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Place, UsageError } from './command.ts'

export interface Profile {
  url: string
  key: string
}

interface Kept {
  current?: string
  profiles: Record<string, Profile>
}

type Environment = Readonly<Record<string, string | undefined>>

export const DEFAULT_URL = 'http://127.0.0.1:8080'
const DEFAULT_PROFILE = 'default'
const FOLDER_FILE = '.clarion.json'

export const profilesFile = (env: Environment): string =>
  join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'clarion', 'config.json')

/** Given as options: `url`, `key`, `profile`. */
export async function placeOf(
  env: Environment,
  given: { url: string | undefined; key: string | undefined; profile: string | undefined },
  folder = process.cwd(),
): Promise<Place> {
  const ofFolder = await readFolder(folder)
  const kept = await readProfiles(env)
  const name = given.profile ?? env.CLARION_PROFILE ?? ofFolder.profile ?? kept.current ?? DEFAULT_PROFILE
  const profile = kept.profiles[name]
  const isNamed = given.profile !== undefined || env.CLARION_PROFILE !== undefined
  if (isNamed && profile === undefined)
    throw new UsageError(`there is no profile '${name}'`, `clarion login --profile ${name}`)
  // A profile that is named beats the environment: otherwise a variable that was forgotten would win.
  const [named, unnamed] = isNamed ? [profile, undefined] : [undefined, profile]
  const urls = [
    [given.url, '--url'],
    [named?.url, `profile ${name}`],
    [env.CLARION_URL, 'CLARION_URL'],
    [ofFolder.url, FOLDER_FILE],
    [unnamed?.url, `profile ${name}`],
    [DEFAULT_URL, 'default'],
  ] as const
  const keys = [
    [given.key, '--key'],
    [named?.key, `profile ${name}`],
    [env.CLARION_API_KEY, 'CLARION_API_KEY'],
    [unnamed?.key, `profile ${name}`],
  ] as const
  const [url, urlFrom] = urls.find(([value]) => value !== undefined && value !== '')!
  const [key, keyFrom] = keys.find(([value]) => value !== undefined && value !== '') ?? [undefined, 'nowhere']
  return { url: url!, urlFrom, key, keyFrom }
}

export async function saveProfile(env: Environment, name: string, profile: Profile): Promise<string> {
  const file = profilesFile(env)
  const kept = await readProfiles(env)
  const all: Kept = { current: kept.current ?? name, profiles: { ...kept.profiles, [name]: profile } }
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await writeFile(file, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 })
  // The mode of `writeFile` is for a new file alone.
  await chmod(file, 0o600)
  return file
}

async function readProfiles(env: Environment): Promise<Kept> {
  const file = profilesFile(env)
  const found = (await readJsonFile(file)) as Partial<Kept> | undefined
  return { ...(found?.current === undefined ? {} : { current: found.current }), profiles: found?.profiles ?? {} }
}

async function readFolder(folder: string): Promise<{ url?: string; profile?: string }> {
  const file = join(folder, FOLDER_FILE)
  const found = ((await readJsonFile(file)) ?? {}) as { url?: string; profile?: string; key?: unknown }
  if (found.key !== undefined)
    throw new UsageError(`${file} has a key, and a file of a project is committed`, 'remove it, and clarion login')
  return found
}

async function readJsonFile(file: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new UsageError(`${file} cannot be read: ${code}`)
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageError(`${file} is not JSON`, 'repair or remove it')
  }
}
