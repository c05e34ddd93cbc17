/** `clarion listen` that is interrupted while the platform is away. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { testsUseContainers } from '../../support/containers.ts'
import { startPlatform } from '../../support/platform.ts'
import { runCommand, startCommand } from '../support/command.ts'

const restarted = testsUseContainers() ? it.skip : it
restarted(
  'that is interrupted while nobody answers ends at once, with 0',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'clarion-cli-'))
    const file = join(directory, 'kafka.json')
    const platform = await startPlatform()
    const { apiKey } = await platform.organization('PRO')
    const env = { CLARION_URL: platform.base, CLARION_API_KEY: apiKey }
    expect((await runCommand(env, ['credentials', 'create', 'laptop', '--out', file])).code).toBe(0)
    const listening = [startCommand(env, ['listen']), startCommand(env, ['listen', '--kafka', file])] as const
    try {
      await Promise.all([listening[0].says('listening'), listening[1].says('reading events.')])
      await platform.stop()
      await Promise.all([listening[0].says('Once more in'), listening[1].says('the brokers are away')])
      for (const each of listening) each.interrupt()
      expect((await Promise.all(listening.map(each => each.finished))).map(({ code }) => code)).toEqual([0, 0])
    } finally {
      for (const each of listening) each.kill()
      rmSync(directory, { recursive: true, force: true })
    }
  },
  180_000,
)
