/** Variables and secrets of an environment, by name. */
import { getNamed, type Named, type NameKind } from '../../control-plane/workflows/variables.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import { readCursor, writeCursor } from '../../model/cursors.ts'
import type { SealedSecret, Variable } from '../../model/workflows.ts'
import type { RunLooks } from '../../run-calls/run-looks.ts'
import { ownerOf } from '../http/caller.ts'
import { pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { NAME } from './schemas.ts'

const LISTS = { variable: 'variables', secret: 'secrets' } as const
const PATTERN = new RegExp(NAME)

/** `runLooks`: of secrets, which runs read when they send them; variables are fixed when a run starts. */
export function createNamedHandlers<K extends NameKind>(
  kind: K,
  deps: { named: Named<K>; view: ControlView; runLooks?: Pick<RunLooks, 'names'> },
) {
  const { named, view, runLooks } = deps
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
      getNamed(view, kind, ownerOf(call), name)
      const read = await runLooks?.names(ownerOf(call))
      if (read?.includes(name) === true) throw readByRuns(name)
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

function readByRuns(name: string): ClarionError {
  const message = `${name} is read by a version that runs are on: wait for their ends, or cancel them.`
  return new ClarionError('in_use', message, { details: [{ path: '/runs', rule: 'in_use', message }] })
}
