import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from '@jest/globals'
import { adopt, makeDataDirectory } from '../support/run-directory.ts'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The project's command in front of a small program in the platform's place. */
function projectWith(main: string): string {
  const project = makeDataDirectory()
  for (const name of ['bin', 'package.json', 'package-lock.json'])
    cpSync(join(root, name), join(project, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'))
  mkdirSync(join(project, 'src'))
  writeFileSync(join(project, 'src', 'main.ts'), main)
  return project
}

function clarion(project: string, ...args: string[]) {
  const child = spawn(process.execPath, [join(project, 'bin', 'clarion.mjs'), ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  adopt(child.pid!)
  groups.push(child.pid!)
  const lines: string[] = []
  const errors: string[] = []
  const output = createInterface({ input: child.stdout })
  output.on('line', line => lines.push(line))
  createInterface({ input: child.stderr }).on('line', line => errors.push(line))
  return {
    pid: child.pid!,
    lines,
    errors,
    firstLine: new Promise(resolve => output.once('line', resolve)),
    ended: new Promise<number | null>(resolve => child.once('close', resolve)),
  }
}

const groups: number[] = []
afterEach(() => {
  for (const pid of groups.splice(0)) {
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {} // all of it has ended, as it should
  }
})

const DRAINS = `
  let drained: (() => void) | undefined
  process.on('SIGTERM', () => {
    drained ??= () => { console.log('drained'); process.exit(7) }
    setTimeout(drained, 300)
  })
  setInterval(() => {}, 60_000)
  console.log('up')`

describe('npm start', () => {
  it('gives the platform its arguments on Node 24, without noise, and ends with its exit code', async () => {
    const run = clarion(
      projectWith(`const code: number = 3; console.log(process.version, process.argv.slice(2)); process.exit(code)`),
      'start',
      '--role',
      'admit',
    )
    expect(await run.ended).toBe(3)
    expect(run.lines).toEqual([expect.stringMatching(/^v24\..*\[ '--role', 'admit' \]$/)])
    expect(run.errors).toEqual([])
  })

  it.each([
    ['a signal to the whole group, as from a terminal', -1],
    ['a signal to it alone', 1],
  ])('lets the platform drain before it ends: %s', async (_, sign) => {
    const run = clarion(projectWith(DRAINS), 'start')
    await run.firstLine
    process.kill(sign * run.pid, 'SIGTERM')
    expect(await run.ended).toBe(7)
    expect(run.lines).toEqual(['up', 'drained'])
  })

  it('lists the commands when it gets an unknown one', async () => {
    const run = clarion(projectWith(''), 'strat')
    expect(await run.ended).toBe(1)
    expect(run.errors).toEqual([
      "clarion: there is no command 'strat'; the commands are start, console, test, test:long, demo, conformance, faults, bench",
    ])
  })
})
