/**
 * Schemas made by hand for some of GitHub's events. A schema has at most 5 levels and 50 properties, the payloads far more: each schema
 * says what a receiver relies on, and leaves open what it does not. `star` and `watch` are closed: nothing unknown gets through there.
 */
import type { Json } from './corpus.ts'

const text = { type: 'string', minLength: 1 }
const id = { type: 'integer', minimum: 1 }
const flag = { type: 'boolean' }
const time = { type: 'string', format: 'date-time' }
const url = { type: 'string', format: 'uri' }
const oneOf = (...values: string[]) => ({ type: 'string', enum: values })
const orNull = (schema: { type: string }) => ({ ...schema, type: [schema.type, 'null'] })
const listOf = (items: Json) => ({ type: 'array', items })

/** These fields, all required but those that end in `?`, and any others. */
function open(fields: Record<string, Json>): Json & { type: string } {
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => [name.replace(/\?$/, ''), schema]),
  )
  return { type: 'object', properties, required: Object.keys(fields).filter(name => !name.endsWith('?')) }
}

/** These fields and no others. */
const closed = (fields: Record<string, Json>): Json => ({ ...open(fields), additionalProperties: false })

const account = open({ id, login: text })
const repository = open({ id, full_name: { type: 'string', pattern: '^[^/]+/[^/]+$' }, private: flag })
const commitSha = { type: 'string', pattern: '^[0-9a-f]{40}$' }
const label = open({ name: text, color: { type: 'string', pattern: '^[0-9a-f]{6}$' } })
const state = oneOf('open', 'closed')

const push = open({
  ref: { type: 'string', pattern: '^refs/(heads|tags)/' },
  before: commitSha,
  after: commitSha,
  created: flag,
  deleted: flag,
  forced: flag,
  commits: listOf(open({ id: commitSha, message: { type: 'string' }, timestamp: time, author: open({ name: text }) })),
  head_commit: orNull(open({ id: commitSha })),
  pusher: open({ name: text }),
  repository,
  sender: account,
})

/** Some payloads are from a time when an issue had neither state nor labels. */
const issue = {
  id,
  number: id,
  title: text,
  'state?': state,
  'labels?': listOf(label),
  user: account,
  comments: { type: 'integer' },
}
const issues = open({
  action: text,
  issue: open({ ...issue, created_at: time }),
  repository,
  sender: account,
})

const branch = open({ ref: text, sha: commitSha })
const pullRequest = open({
  action: text,
  number: id,
  pull_request: open({
    id,
    title: text,
    state,
    draft: flag,
    merged: flag,
    html_url: url,
    user: account,
    base: branch,
    head: branch,
  }),
  repository,
  sender: account,
})

const ping = open({
  zen: text,
  hook_id: id,
  hook: open({
    id,
    type: oneOf('Repository', 'Organization', 'App'),
    active: flag,
    events: listOf(text),
    config: open({ url }),
  }),
  'repository?': repository,
  sender: account,
})

const release = open({
  action: oneOf('published', 'unpublished', 'created', 'edited', 'deleted', 'prereleased', 'released'),
  release: open({
    id,
    tag_name: text,
    draft: flag,
    prerelease: flag,
    author: account,
    html_url: url,
    assets: listOf(open({ id })),
  }),
  repository,
  sender: account,
})

const star = closed({ action: oneOf('created', 'deleted'), starred_at: orNull(time), repository, sender: account })
const watch = closed({ action: { const: 'started' }, repository, sender: account, 'installation?': open({ id }) })
const fork = open({
  forkee: open({ id, full_name: text, fork: { const: true }, owner: account }),
  repository,
  sender: account,
})

/** By GitHub's name of the event: registered and published. All other events of the corpus go as the generic event. */
export const SCHEMAS: Readonly<Record<string, Json>> = {
  push,
  issues,
  pull_request: pullRequest,
  ping,
  release,
  star,
  watch,
  fork,
}

/** Registered but never published: to emit it is refused. */
export const DRAFT = {
  name: 'workflow_run',
  schema: open({ action: text, workflow_run: open({ id, status: text }), repository }),
}
