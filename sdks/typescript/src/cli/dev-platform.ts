/** The platform of `clarion dev`: the one that answers, or one that it starts and ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { type Context, UsageError } from './command.ts'

const PROGRAM = join('bin', 'clarion.mjs')
/** Longer than a platform takes to end what is under way. */
const ENDING_MS = 40_000
const LINES_KEPT = 20

export interface DevPlatform {
  operatorKey: string
  /** Resolves when no process of it is left. */
  end(): Promise<void>
}

/** Whether a platform, or anything else, answers there. */
export async function answers({ place, signal }: Context): Promise<boolean> {
  try {
    const response = await fetch(new URL('/ready', place.url), { signal })
    await response.body?.cancel()
    return true
  } catch (error) {
    if (signal.aborted) throw error
    return false
  }
}

/** The folder that was given, or the nearest one above this folder that has the program. */
export function platformFolder(given: string | undefined, from: string): string {
  if (given !== undefined) {
    if (existsSync(join(given, PROGRAM))) return resolve(given)
    throw new UsageError(`${given} has no ${PROGRAM}`, '--platform DIR is a checkout of the platform')
  }
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, PROGRAM))) return folder
    if (folder === dirname(folder))
      throw new UsageError(
        'no platform answers, and there is none to start',
        'give --platform DIR (CLARION_PLATFORM), a checkout of it, or --url of one that runs',
      )
  }
}

/** Resolves when it serves. Throws when it ends before that; then no process of it is left. */
export async function startPlatform(context: Context, folder: string): Promise<DevPlatform> {
  const { place, env, print, signal, text } = context
  const { port } = new URL(place.url)
  const data = resolve(text('data') ?? '.clarion-dev')
  const child = spawn(
    process.execPath,
    [join(folder, PROGRAM), 'start', '--port', port === '' ? '80' : port, '--data', data],
    {
      // Receivers of a developer are on this machine.
      env: { EGRESS_ALLOW: '127.0.0.0/8,::1/128', EGRESS_ALLOW_HTTP: 'true', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const gone = new Promise<void>(done => child.once('close', () => done()))
  print.note(`starting a platform of ${folder}, with its data in ${data}`)
  try {
    return { operatorKey: await readyKey(child, context), end: () => ended(child, gone, context) }
  } catch (error) {
    await ended(child, gone, context)
    signal.throwIfAborted()
    throw error
  }
}

/** The operator's key, as the platform prints it when it is ready; lines before that are shown. */
function readyKey(child: ChildProcess, { print, signal }: Context): Promise<string> {
  return new Promise((found, reject) => {
    const last: string[] = []
    const read = (line: string): void => {
      last.push(line)
      if (last.length > LINES_KEPT) last.shift()
      const key = /Operator key: (\S+)/.exec(line)?.[1]
      if (key !== undefined) found(key)
      else if (line.startsWith('clarion: ')) print.note(line.slice('clarion: '.length))
    }
    for (const stream of [child.stdout!, child.stderr!]) createInterface({ input: stream }).on('line', read)
    child.once('error', reject)
    child.once('close', code => reject(new UsageError(`the platform has ended (${code}): ${last.join('\n')}`)))
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

async function ended(child: ChildProcess, gone: Promise<void>, { clock }: Context): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
  const timer = clock.after(ENDING_MS, () => child.kill('SIGKILL'))
  await gone
  timer.cancel()
}
