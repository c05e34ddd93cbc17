/**
 * The time that a kit adds to the bare HTTP call of its language: both in turn, in one program, to a server on loopback
 * that answers at once.
 */
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { goKit, pythonKit, pythonProgram } from '../../sdks/contract/kits.ts'
import { cacheDirectory } from '../../src/settings/config.ts'
import { type Row, short } from '../table.ts'
import type { Testbed } from '../testbed.ts'

const run = promisify(execFile)
const HERE = fileURLToPath(new URL('../kits/', import.meta.url))
const GOALS_MS = { TypeScript: undefined, Python: 1, Go: 0.3 }
const QUICK_SECONDS = 5
const [FEW, MANY] = [500, 3_000]
const PAYLOAD = { id: 'o-1', total: 12.5, currency: 'EUR', lines: [{ sku: 'a-1', quantity: 2 }], note: 'x'.repeat(100) }

interface Medians {
  bare: number
  kit: number
}

export async function measureKits({ options, say }: Pick<Testbed, 'options' | 'say'>): Promise<Row[]> {
  const server = await answering()
  const count = String(options.seconds <= QUICK_SECONDS ? FEW : MANY)
  const rows: Row[] = []
  try {
    for (const [kit, goalMs] of Object.entries(GOALS_MS)) {
      const command = await PROGRAMS[kit as keyof typeof GOALS_MS]()
      if (command === undefined) {
        say(`kits: ${kit} is not on this machine`)
        continue
      }
      const [file, args, env] = command
      const given = [...args, server.url, count, JSON.stringify(PAYLOAD)]
      const { stdout } = await run(file, given, { env: { ...process.env, ...env } })
      rows.push(rowOf(kit, JSON.parse(stdout) as Medians, goalMs))
    }
  } finally {
    await server.close()
  }
  return rows
}

function rowOf(kit: string, { bare, kit: ms }: Medians, goalMs: number | undefined): Row {
  const more = ms - bare
  return {
    figure: `an emit by the kit for ${kit}, p50, ms`,
    ...{ clarion: short(ms), baseline: short(bare), ratio: `+${short(more)} ms, ${short(ms / bare)}` },
    ...{ goal: goalMs === undefined ? '' : `+${goalMs} ms`, holds: goalMs === undefined ? undefined : more <= goalMs },
  }
}

type Command = [file: string, args: string[], env: Record<string, string>]

const cache = (): string => join(cacheDirectory(), 'contract')

/** The program of each kit; undefined where its language is not on the machine. */
const PROGRAMS: Record<keyof typeof GOALS_MS, () => Promise<Command | undefined>> = {
  TypeScript: async () => [process.execPath, ['--disable-warning=ExperimentalWarning', join(HERE, 'overhead.ts')], {}],
  async Python() {
    const made = await pythonKit(cache())
    made?.close()
    if (made === undefined) return undefined
    const { python, path } = pythonProgram(cache())
    return [python, [join(HERE, 'overhead.py')], { PYTHONPATH: path }]
  },
  async Go() {
    const made = await goKit(cache())
    made?.close()
    if (made === undefined) return undefined
    const binary = join(cache(), 'bench-go')
    await run('go', ['build', '-o', binary, '.'], { cwd: join(HERE, 'go') })
    return [binary, [], {}]
  },
}

const ANSWER = JSON.stringify({
  success: true,
  data: {
    ...{ emitId: 'cee_1', eventId: 'evt_1', canonicalName: 'TENANT_CUSTOM:org_1:a.b@1.0.0', status: 'queued' },
    ...{ sequence: 1, deduplicated: false, quota: { used: 1, limit: 100_000 } },
  },
  meta: { requestId: 'req_1' },
})

async function answering(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response.writeHead(202, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(ANSWER) })
      response.end(ANSWER)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
