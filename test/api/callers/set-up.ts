/** The API with one organization, for calls that are written in every way. */
import { afterAll, beforeAll } from '@jest/globals'
import { openTestApi, type TestApi } from '../api-harness.ts'

export let api: TestApi

export let owner: Awaited<ReturnType<TestApi['organization']>>

export const EVENTS = '/api/v1/events/custom'
export const EMIT = `POST ${EVENTS}/emit`
export const LIST = `GET ${EVENTS}/emits`
export const BODY = '{"name":"a.b","payload":{}}'

/** Opens the API of the file. Call this once, at its top. */
export function useCallers(): void {
  beforeAll(async () => {
    api = await openTestApi()
    owner = await api.organization()
  })
  afterAll(() => api?.close())
}
