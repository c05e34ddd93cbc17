/** The build of the console, made once for all runs of one state of its sources. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onceAtATime } from '../support/run-directory.ts'

/** A program without types. */
const { buildConsole } = (await import(new URL('../../bin/console.mjs', import.meta.url).href)) as {
  buildConsole(root: string, options: { quiet: boolean }): Promise<void>
}
const root = fileURLToPath(new URL('../..', import.meta.url))

/** The folder of the build; its packages are installed then, too. */
export async function builtConsole(): Promise<string> {
  await onceAtATime('building-console', () => buildConsole(root, { quiet: true }))
  return join(root, 'console', 'dist')
}

/** A module of the console, which is a package of its own: its types are checked with it. */
export const consoleModule = <T>(name: string): Promise<T> =>
  import(new URL(`../../console/src/${name}`, import.meta.url).href) as Promise<T>
