/** An organization of the shared platform, and calls that it may refuse. */
import { beforeAll } from '@jest/globals'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'

export const CUSTOM = '/api/v1/events/custom'
export const closed = (properties: object) => ({ type: 'object', properties, additionalProperties: false })
export let platform: TestPlatform
export let owner: TestOrganization
export const template = (more: object = {}) => ({
  ...{
    namespace: owner.slug,
    name: 'order.made',
    version: '1.0.0',
    payloadSchema: closed({ id: { type: 'string' } }),
    ...more,
  },
})

export const tried = async (more: object) => {
  const answer = await owner.call<{ errors: string[] }>('POST', `${CUSTOM}/dry-run`, template(more))
  return answer.status === 200 ? (answer.data.errors[0] ?? 'valid') : answer.code
}

export const emitText = (payload: string, more = '') =>
  owner.call('POST', `${CUSTOM}/emit`, `{"name":"${owner.slug}.any","payload":${payload}${more}}`)

export const told = ({ status, code }: { status: number; code: string | undefined }) => code ?? status
export const placeOf = ({ body }: { body: unknown }) =>
  (body as { error?: { details?: Array<{ path: string }> } }).error?.details?.[0]?.path

/** Call this once, at the top of a file. */
export function useOwner(): void {
  beforeAll(async () => {
    platform = await sharedPlatform()
    owner = await platform.organization()
  }, 120_000)
}
