/** Sessions of a browser, over HTTP. */
import { afterAll, beforeAll } from '@jest/globals'
import { openTestApi, type TestApi } from '../api-harness.ts'

export let api: TestApi

export let owner: Awaited<ReturnType<TestApi['organization']>>

beforeAll(async () => {
  api = await openTestApi()
  owner = await api.organization('PRO')
})

afterAll(() => api?.close())

export const anonymous: ReturnType<TestApi['as']> = (...call) => api.as(undefined)(...call)

export const SESSIONS = '/api/v1/sessions'

export const cookieOf = (headers: Headers): string => headers.get('set-cookie')!.split(';')[0]!

/** Calls of the console itself, with the newest cookie. */
export function page(cookie: string) {
  const jar = { cookie }
  const call = async (method: string, path: string, body?: unknown, more: Record<string, string> = {}) => {
    const headers = { cookie: jar.cookie, 'sec-fetch-site': 'same-origin', 'x-clarion-console': '1', ...more }
    const reply = await anonymous(method, path, body, headers)
    if (reply.headers.has('set-cookie')) jar.cookie = cookieOf(reply.headers)
    return reply
  }
  return { call, jar }
}

export async function signIn(given: object) {
  const reply = await anonymous('POST', SESSIONS, given)
  return { reply, ...page(reply.status === 201 ? cookieOf(reply.headers) : '') }
}
