/** The texts of the document, each made when it is first read. */
import type { Route } from '../http/route.ts'
import { createDocument, type DocumentOptions } from './document.ts'
import { toOpenApi30 } from './openapi-30.ts'

export interface Documents {
  openapi(): string
  openapi30(): string
}

export function createDocuments(routes: () => readonly Route[], options: DocumentOptions): Documents {
  let [current, older]: [string?, string?] = []
  const made = () => createDocument(routes(), options)
  return {
    openapi: () => (current ??= JSON.stringify(made())),
    openapi30: () => (older ??= JSON.stringify(toOpenApi30(made()))),
  }
}
