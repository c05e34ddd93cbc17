/** Variables and secrets of an environment, by name. */
import { getNamed, type Named, type NameKind } from '../../control-plane/workflows/variables.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import { readCursor, writeCursor } from '../../model/cursors.ts'
import type { SealedSecret, Variable } from '../../model/workflows.ts'
import { ownerOf } from '../http/caller.ts'
import { pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { NAME } from './schemas.ts'

const LISTS = { variable: 'variables', secret: 'secrets' } as const
const PATTERN = new RegExp(NAME)

export function createNamedHandlers<K extends NameKind>(kind: K, deps: { named: Named<K>; view: ControlView }) {
  const { named, view } = deps
  const listName: 'variables' | 'secrets' = LISTS[kind]

  return {
    async set(call: Call): Promise<Answer> {
      const { value } = call.body as { value: string }
      const name = checkedName(call.params.name!)
      return { data: present(await named.set(call.caller, ownerOf(call), name, value, call.expectedRevision)) }
    },
    /** By name. */
    list(call: Call): Answer {
      const { organizationId, environment } = ownerOf(call)
      const { limit, cursor } = pagingOf(call.query)
      const [after = ''] = readCursor(listName, cursor) ?? []
      const rest = view
        .list(kind, organizationId)
        .filter(each => each.environment === environment && each.name > after)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
      const items = rest.slice(0, limit)
      const nextCursor = rest.length > limit ? writeCursor(listName, [items.at(-1)!.name]) : null
      return { data: items.map(present), nextCursor }
    },
    get: (call: Call): Answer => ({ data: present(getNamed(view, kind, ownerOf(call), call.params.name!)) }),
    async delete(call: Call): Promise<Answer> {
      const name = call.params.name!
      await named.delete(call.caller, ownerOf(call), name, call.expectedRevision)
      return { data: { name, deleted: true } }
    },
  }
}

function present(record: Variable | SealedSecret) {
  const { name, environment, revision, createdAt, updatedAt } = record
  return { name, environment, revision, createdAt, updatedAt, ...('value' in record ? { value: record.value } : {}) }
}

function checkedName(name: string): string {
  if (PATTERN.test(name)) return name
  const message = `must match ${NAME}: capitals, digits and underscores`
  throw new ClarionError('validation_failed', `The name in the path ${message}.`, {
    details: [{ path: '/path/name', rule: 'pattern', message }],
  })
}
