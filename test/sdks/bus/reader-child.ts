/** Programs that read in a process of their own, and print what they begin and end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach } from '@jest/globals'

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

export interface ReaderChild {
  child: ChildProcess
  exited: Promise<unknown>
  output(): string
  begun(): string[]
  ended(): string[]
}

/** Killed when the test ends. */
export function startReader(program: string, settings: object): ReaderChild {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const flags = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning']
  const args = [...flags, path, JSON.stringify(settings)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const exited = new Promise(resolve => child.once('close', resolve))
  const said = (word: string) => [...text.matchAll(new RegExp(`^${word} (.+)\n`, 'gm'))].map(([, kind]) => kind!)
  return { child, exited, output: () => text, begun: () => said('begin'), ended: () => said('end') }
}
