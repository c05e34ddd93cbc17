/** The lifecycle events that are written to an organization's log for readers of the log. */
import type { LifecycleNames } from '../../control-plane/organizations/lifecycle-names.ts'
import { ownerOf } from '../http/caller.ts'
import type { Answer, Call, Route } from '../http/route.ts'
import { route } from '../http/route-table.ts'
import { listOf, object, string, text } from '../http/schema-parts.ts'

const PATH = '/api/v1/events/lifecycle'
const newNames = object({ names: { type: 'array', items: text(1, 100), maxItems: 100 } })
const names = object({ names: listOf(string) })

export function createLifecycleHandlers({ lifecycleNames }: { lifecycleNames: LifecycleNames }) {
  return {
    get: (call: Call): Answer => ({ data: { names: lifecycleNames.of(ownerOf(call)) } }),
    async put(call: Call): Promise<Answer> {
      const { names: given } = call.body as { names: string[] }
      return { data: { names: await lifecycleNames.set(call.caller, ownerOf(call), given) } }
    },
  }
}

export type LifecycleHandlers = ReturnType<typeof createLifecycleHandlers>

// biome-ignore format: a table
export const createLifecycleRoutes = (on: LifecycleHandlers): Route[] => [
  route('GET', PATH, 'events:manage', 'The lifecycle events that are written to the log though no webhook names them.', { refusesKeyInQuery: true, answer: names }, on.get),
  route('PUT', PATH, 'events:manage', 'Replace the list of lifecycle events that are written to the log.', { refusesKeyInQuery: true, body: newNames, answer: names }, on.put),
]
