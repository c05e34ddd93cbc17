/** Making many of something over the API, some at a time. */
import type { HttpClient } from '../platform-process.ts'

const AT_ONCE = 16

/** `make` gets the numbers from `from` up to `to`, without it. */
export async function makeMany(from: number, to: number, make: (number: number) => Promise<void>): Promise<void> {
  let next = from
  const worker = async () => {
    while (next < to) await make(next++)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** `data` of the answer. Throws on anything but 201. */
export async function post<T>(client: HttpClient, path: string, body: object): Promise<T> {
  const { status, text } = await client.send('POST', path, JSON.stringify(body))
  if (status !== 201) throw new Error(`POST ${path} was answered ${status}: ${text.slice(0, 500)}`)
  return (JSON.parse(text) as { data: T }).data
}
