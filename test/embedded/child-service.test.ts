import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { type Service, superviseChild } from '../../src/embedded/child-service.ts'
import { makeDataDirectory } from '../support/run-directory.ts'

describe('a program of ours that takes long to start', () => {
  const told: string[] = []
  const howFar = () => (told.length === 1 ? '12 of 345 logs read' : undefined)
  const logger = { info: (message: string) => void told.push(message), warn: () => undefined }
  const spawnProgram = () =>
    spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1_000)'], { detached: true, stdio: 'ignore' })
  const supervise = (
    child: ChildProcess,
    answers: () => Promise<boolean>,
    giveUpAfterMs: number,
    more: Partial<Service> = {},
  ) => {
    const directory = makeDataDirectory()
    const logPath = join(directory, 'program.log')
    writeFileSync(logPath, 'loading 10,000 partitions')
    const service = {
      what: 'The program',
      directory,
      logPaths: [logPath],
      connection: {},
      answers,
      onExit: undefined,
      howFar,
      logger,
      ...more,
    }
    return superviseChild(child, service, { logEveryMs: 1, giveUpAfterMs })
  }

  it('is waited for, and said to be on its way, for as long as it lives', async () => {
    const { pid, close } = await supervise(spawnProgram(), async () => told.length === 3, 600_000)
    await close()
    expect(pid).toBeGreaterThan(0)
    expect(told[0]).toMatch(/^The program is still starting after \d+ s; its log is .*program\.log$/)
    expect(told[1]).toMatch(/^The program is still starting after \d+ s, 12 of 345 logs read; its log is /)
  })

  it('is ended when patience does, with the end of its log', async () => {
    const child = spawnProgram()
    const ended = new Promise(resolve => child.once('exit', resolve))
    await expect(supervise(child, async () => false, 50)).rejects.toThrow(
      /The program did not start within 0.05 s; .*\nloading 10,000 partitions$/,
    )
    await ended
  })

  it('that ends meanwhile is followed by advice when its files are damaged', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => process.exit(3), 500)'], {
      detached: true,
      stdio: 'ignore',
    })
    const reads = { data: '/kept/data', advice: 'Restore it.' }
    await expect(supervise(child, async () => false, 600_000, { reads })).rejects.toThrow(
      /^The program ended with code 3; .*\nloading 10,000 partitions\nIf a file below \/kept\/data is named there, it cannot be read\. Restore it\.$/,
    )
  })
})
