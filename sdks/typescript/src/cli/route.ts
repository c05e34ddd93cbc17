/** `clarion route …`: deploys definitions of API routes that are kept as files. */
import type { Route } from '../client/types.ts'
import type { Command } from './command.ts'
import { deployOf, versionsOf } from './workflow.ts'

const list: Command = {
  name: 'route list',
  positionals: [],
  sentence: 'API routes of the environment, and where they are served.',
  // biome-ignore format: a table
  options: {
    limit: { type: 'string', value: 'N', sentence: 'At most this many; default 20.' },
  },
  async run({ client, number, print, signal }) {
    const limit = number('limit', 20)
    const rows: Route[] = []
    for await (const row of client().routes.each({ limit: Math.min(limit, 100) }, { signal })) {
      rows.push(row)
      if (rows.length === limit) break
    }
    const shown = rows.map(row => ({ ...row, version: row.deployed?.version ?? null }))
    print.table(print.json ? rows : shown, ['id', 'method', 'servedAt', 'auth', 'version', 'active', 'updatedAt'])
    return 0
  },
}

export const ROUTES: readonly Command[] = [deployOf('route'), list, versionsOf('route')]
