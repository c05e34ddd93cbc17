/** Answers as frozen dataclasses, and nested inputs as dictionaries. */
import type { Field, Model, NamedType } from './model.ts'
import { attribute, HEADER, pythonType, wrapped } from './python-text.ts'

export function modelsFile({ types }: Model): string {
  const answers = basesFirst(types.filter(({ isAnswer }) => isAnswer)).map(modelClass)
  const inputs = types.filter(({ isAnswer }) => !isAnswer).map(inputClass)
  return `${HEADER}"""Answers as frozen dataclasses, and the shapes of nested inputs as dictionaries."""

from __future__ import annotations

from typing import Any, TypedDict

from ._model import Model


${answers.join('\n\n')}

${inputs.join('\n')}
`
}

/** A class follows the one that it extends. */
function basesFirst(types: readonly NamedType[]): NamedType[] {
  const placed = new Set<NamedType>()
  const place = (type: NamedType): void => {
    const base = types.find(({ name }) => name === type.base)
    if (base !== undefined) place(base)
    placed.add(type)
  }
  types.forEach(place)
  return [...placed]
}

function modelClass({ name, base, ownFields }: NamedType): string {
  const attributes = ownFields.map(each => `    ${attribute(each.name)}: ${typed(each, 'answer')}`)
  return [`class ${name}(${base ?? 'Model'}):`, ...attributes].join('\n')
}

/** By keyword where a name is none of Python's. */
function inputClass({ name, fields }: NamedType): string {
  const entries = fields.map(each => `"${each.name}": ${quoted(typed({ ...each, required: true }, 'input'))}`)
  return wrapped(`${name} = TypedDict("${name}", {`, entries, '}, total=False)')
}

const quoted = (type: string) => `"${type}"`

function typed({ type, required, nullable }: Field, place: 'answer' | 'input'): string {
  const text = pythonType(type, place)
  return (nullable || !required) && text !== 'Any' ? `${text} | None` : text
}
