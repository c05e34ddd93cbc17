/** A list as a file: exactly what is filtered, as the platform writes it. */
import { ApiError, type Query, queryText } from './call.ts'

export type FileKind = 'csv' | 'ndjson'

const TYPES: Record<FileKind, string> = { csv: 'text/csv', ndjson: 'application/x-ndjson' }

export async function save(path: string, query: Query, kind: FileKind, name: string): Promise<void> {
  const answer = await fetch(`/api/v1${path}${queryText(query)}`, {
    credentials: 'same-origin',
    headers: { accept: TYPES[kind], 'x-clarion-console': '1' },
  })
  if (!answer.ok) {
    const { error } = (await answer.json()) as { error: { code: string; message: string; requestId: string } }
    throw new ApiError({ ...error, status: answer.status })
  }
  const url = URL.createObjectURL(await answer.blob())
  const link = document.createElement('a')
  link.href = url
  link.download = `${name}.${kind}`
  link.click()
  URL.revokeObjectURL(url)
}
