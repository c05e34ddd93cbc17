/** The directory of downloads that are shared per user. */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { type Kind, SettingFault } from './kind.ts'

/** A leading `~` is the home directory, also where no shell has expanded it. */
export const expandedPath = (home: string | undefined): Kind<string> => ({
  expected: 'a directory',
  keepsSpace: true,
  parse(text) {
    if (/\p{Cc}/u.test(text)) throw new SettingFault('it holds control characters')
    if (text !== text.trim()) throw new SettingFault('it begins or ends with white space')
    if (text !== '~' && !text.startsWith('~/')) return resolve(text)
    if (home === undefined) throw new SettingFault('it begins with ~, and there is no home directory')
    return join(home, text.slice(1))
  },
})

/** `~/.cache/clarion`, or a place in the data directory when the home directory is missing or read-only. */
export function defaultCacheDirectory(home: string | undefined, dataDir: string): string {
  const directory = home === undefined ? undefined : join(home, '.cache', 'clarion')
  return directory !== undefined && isWritable(directory) ? directory : join(dataDir, 'cache')
}

/** From the environment, else from the system. Containers may run as users without one. */
export function homeOf(variable: string | undefined): string | undefined {
  try {
    const home = variable?.trim() || homedir()
    return isAbsolute(home) ? home : undefined
  } catch {
    return undefined
  }
}

/** Whether it exists, or can be created in the nearest existing directory. */
function isWritable(directory: string): boolean {
  let nearest = directory
  while (!existsSync(nearest)) nearest = dirname(nearest)
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK)
    return statSync(nearest).isDirectory()
  } catch {
    return false
  }
}
