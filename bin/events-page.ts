/**
 * The reference page of the platform's own events, generated from their catalogues; `bin/reference.mjs` writes it, and
 * a test detects a stale page.
 */
import { BUILT_IN_EVENTS } from '../src/events/built-in-events.ts'
import { LIFECYCLE_EVENTS } from '../src/events/lifecycle-events.ts'

export function eventsPage(): string {
  const builtIn = [...BUILT_IN_EVENTS.values()].map(({ type, alias, schema }) => {
    const { properties, required } = schema as { properties: Record<string, unknown>; required: string[] }
    const fields = Object.keys(properties).map(name => (required.includes(name) ? `\`${name}\`` : `\`${name}\`?`))
    return `| \`${type}\` | ${alias === undefined ? '' : `\`${alias}\``} | ${fields.join(', ')} |`
  })
  const lifecycle = [...LIFECYCLE_EVENTS].map(([name, [when, data]]) => `| \`${name}\` | ${when} | ${data} |`)
  return `${[
    '# Events of the platform',
    '',
    'This page is made from `src/events/built-in-events.ts` and `src/events/lifecycle-events.ts` by `node bin/reference.mjs`.',
    '',
    '## Built-in events',
    '',
    'Published by the platform’s own services (`POST /api/v1/platform/events`); canonical name `PLATFORM:<organization>:<type>@1`. Webhooks select them by type,',
    '`<group>.*`, `*`, canonical name, or the Go constant. Fields with `?` may be absent; more fields are allowed.',
    '',
    '| type | Go constant | data |',
    '|---|---|---|',
    ...builtIn,
    '',
    '## Lifecycle events',
    '',
    'Every one is in the audit trail (`GET /api/v1/audit`); a webhook receives those that it names, and no `*` matches them. Canonical name',
    '`PLATFORM_LIFECYCLE:<organization>:<NAME>@1`, subject the entity’s id. All have `entityType`, `entityId`, `organizationId`, `actorId`, `occurredAt`, `requestId`, and where',
    'they apply `canonicalName`, `previousStatus`, `status`, `reason`; never what a payload holds.',
    '',
    '| name | when | data of its own |',
    '|---|---|---|',
    ...lifecycle,
  ].join('\n')}\n`
}
