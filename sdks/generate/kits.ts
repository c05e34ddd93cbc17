/** Every generated file of the kits, by its path in the repository. */
import type { Document } from './document.ts'
import { goFiles } from './go.ts'
import { modelOf } from './model.ts'
import { pythonFiles } from './python.ts'
import { typescriptFiles } from './typescript.ts'

export function kitFiles(document: Document): Record<string, string> {
  const model = modelOf(document)
  return { ...pythonFiles(model), ...goFiles(model), ...typescriptFiles(model) }
}
